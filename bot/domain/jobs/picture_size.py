"""The width and height of a picture from its header, before anybody's program unpacks it.

A PNG of 300 KB may hold 50,000 x 50,000 pixels, which take 10 GB: https://www.w3.org/TR/png-3/#13Decompression.
Nothing is unpacked here.
"""

from struct import error as StructError  # noqa: N812  a class, whose name is Python's own
from struct import unpack_from

MOST_PIXELS = 40_000_000
"""A photograph has half as many. Unpacked, they take 160 MB."""
LONGEST_SIDE = 16_384
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's markers of a frame, whose header has its size: ITU-T T.81, table B.1 and B.2.2."""
_MOST_SEGMENTS = 10_000
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG's markers without a length."""


def shows_well(content: bytes) -> bool:
    """True for a PNG, JPEG, GIF or WebP of a size that any program can show."""
    size = picture_size(content)
    return size is not None and min(size) > 0 and max(size) <= LONGEST_SIDE and size[0] * size[1] <= MOST_PIXELS


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None if the header cannot be read."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return _pair(unpack_from(">II", content, 16)) if content[12:16] == b"IHDR" else None
        if content.startswith((b"GIF87a", b"GIF89a")):
            return _pair(unpack_from("<HH", content, 6))
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except StructError:
        return None
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Go from segment to segment; each begins with its marker and its length."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        mark, kind = unpack_from(">BB", content, at)
        if mark != 0xFF:
            return None
        if kind == 0xFF:
            at += 1
        elif kind in _ALONE:
            at += 2
        elif kind in _FRAMES:
            height, width = unpack_from(">HH", content, at + 5)
            return width, height
        else:
            at += 2 + max(2, unpack_from(">H", content, at + 2)[0])
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    """https://developers.google.com/speed/webp/docs/riff_container, and the formats that it refers to."""
    kind = content[12:16]
    if kind == b"VP8X":
        first, second, third = unpack_from("<HHH", content, 24)
        return 1 + first + ((second & 0xFF) << 16), 1 + (second >> 8) + (third << 8)
    if kind == b"VP8L":
        bits = unpack_from("<I", content, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _pair(found: tuple[int, ...]) -> tuple[int, int]:
    return found[0], found[1]
