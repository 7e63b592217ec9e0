"""Sizes of pictures from their headers, which anybody may have written."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.jobs.picture_size import LONGEST_SIDE, picture_size, shows_well

FORMATS = {"PNG": {}, "JPEG": {}, "GIF": {}, "WebP lossy": {}, "WebP lossless": {"lossless": True}}


def picture(kind: str, width: int, height: int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (width, height)).save(file, kind.split(maxsplit=1)[0], **FORMATS[kind])
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """The header of a PNG that says so, and no pixels."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\0\0\0"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (3, 1000)])
def test_sizes_are_those_that_pillow_wrote(kind: str, size: tuple[int, int]) -> None:
    assert picture_size(picture(kind, *size)) == size
    assert shows_well(picture(kind, *size))


def test_an_animated_webp_and_a_jpeg_with_notes() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGBA", (300, 200), colour) for colour in ("red", "blue")]
    frames[0].save(file, "WebP", save_all=True, append_images=frames[1:])
    assert picture_size(file.getvalue()) == (300, 200)
    file = io.BytesIO()
    Image.new("RGB", (70, 50)).save(file, "JPEG", progressive=True, comment=b"\xff\xc0" * 1_000)
    assert picture_size(file.getvalue()) == (70, 50)


@pytest.mark.parametrize(
    "content",
    [
        png_of(50_000, 50_000),
        png_of(LONGEST_SIDE + 1, 1),
        png_of(10_000, 10_000),
        png_of(0, 5),
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535),
        b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\xff" * 6,
        b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 50_000, 50_000),
        b"<html>a page under the name of a picture</html>",
        b"",
    ],
)
def test_what_no_program_should_unpack_is_not_shown(content: bytes) -> None:
    assert not shows_well(content)


@given(st.sampled_from([*FORMATS]), st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_header_never_fails(kind: str, data: st.DataObject) -> None:
    content = bytearray(picture(kind, 20, 30))
    for at in data.draw(st.lists(st.integers(0, min(80, len(content) - 1)), max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    shows_well(bytes(content[: data.draw(st.integers(0, len(content)))]))


def test_segments_without_end_are_passed_over_quickly() -> None:
    assert picture_size(b"\xff\xd8" + b"\xff" * 8_000_000) is None
