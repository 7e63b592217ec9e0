"""Turn the bytes of a text file into text, whatever it was encoded in."""

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte-order marks, UTF-32 before UTF-16: one begins with the other. https://www.unicode.org/faq/utf_bom.html"""
SAMPLE_BYTES = 256
"""Bytes from which the encoding is guessed."""
LONGEST_CHARACTER = 4
"""Bytes of UTF-8."""


def decode(data: bytes) -> str:
    """Return the text without byte-order marks and NULs. Never fails.

    Recognizes UTF-8, and UTF-16 and UTF-32 with a byte-order mark; UTF-16 without one by its NULs. Other bytes are
    read as Windows-1252. A character that is cut off at the end becomes U+FFFD.
    """
    encoding = guessed_encoding(data)
    text = _utf8(data) if encoding == "utf-8" else data.decode(encoding, "replace")
    return text.replace("\ufeff", "").replace("\0", "") if "\ufeff" in text or "\0" in text else text


def guessed_encoding(data: bytes) -> str:
    """Guess from the first bytes: UTF-16 or UTF-32, and UTF-8 for everything else."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:SAMPLE_BYTES]
    low, high = sample[0::2], sample[1::2]
    if high and high.count(0) > len(high) * 0.7 and low.count(0) == 0:
        return "utf-16-le"
    if low and low.count(0) > len(low) * 0.7 and high.count(0) == 0:
        return "utf-16-be"
    return "utf-8"


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - LONGEST_CHARACTER + 1:
            return data.decode(errors="replace")
        return data.decode("cp1252", "replace")
