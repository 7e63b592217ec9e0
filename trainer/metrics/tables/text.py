"""The text of a table, line by line: a file of any size is read without holding it in memory."""

import codecs
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from trainer.metrics.tables.cells import may_be_wrapped, unwrapped
from trainer.metrics.tables.decoding import LONGEST_CHARACTER, SAMPLE_BYTES, decode, guessed_encoding
from trainer.metrics.tables.lines import COMMENT

WHOLE_BYTES = 1024 * 1024
"""A file of up to this many bytes is decoded in one piece."""
LONGEST_LINE = 256 * 1024
"""Characters of one line that are read. A row of 1,000 columns has a few ten thousand."""
_CHUNK = 1024 * 1024
_ENDS = ("\n", "\r")
_LEFT_OUT = str.maketrans("", "", "\ufeff\0")


class Text:
    """Iterate over the lines once. The source is read from its beginning and stays open.

    `plain` text has neither quotes nor comments; `ended` text ends with a line feed. `cut` counts the lines longer than
    `LONGEST_LINE`, whose end is left out. `running`: the file's writer is at work, so a last line without a line feed
    is left out, too.
    """

    def __init__(self, source: bytes | BinaryIO, *, running: bool = False, whole_bytes: int = WHOLE_BYTES) -> None:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self.cut, scan = 0, _Scan()
        if size <= whole_bytes:
            text = decode(stream.read())
            text = unwrapped(text[: max(map(text.rfind, _ENDS)) + 1] if running else text)
            scan.add(text)
            self._lines = self._shortened(io.StringIO(text, newline="") if scan.has_feeds else text.splitlines())
        else:
            encoding = _scanned(stream, size, scan)
            lines = self._streamed(io.TextIOWrapper(stream, encoding, "replace", newline=""))
            self._lines = _cleaned(_without_last(lines) if running and not scan.ended else lines, scan)
        self.plain, self.ended = scan.plain, running or scan.ended

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def _shortened(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            yield line if len(line) <= LONGEST_LINE else self._cut(line)

    def _streamed(self, file: io.TextIOWrapper) -> Iterator[str]:
        try:
            while line := file.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE and not line.endswith(_ENDS):
                    line = self._cut(line)
                    _skip_line(file)
                yield line
        finally:
            with suppress(ValueError):  # the file is closed already
                file.detach()

    def _cut(self, line: str) -> str:
        self.cut += 1
        return f"{line[:LONGEST_LINE]}\n"


@dataclass(slots=True)
class _Scan:
    """What is known about a text before its first line is read."""

    plain: bool = True
    """Without quotes and marks of comments."""
    has_feeds: bool = False
    wrapped: bool = False
    """With cells such as `tensor(0.5)`."""
    dirty: bool = False
    """With byte-order marks or NULs, which are left out."""
    last: str = ""

    @property
    def ended(self) -> bool:
        return self.last in _ENDS

    def add(self, text: str) -> None:
        """Look at the next part."""
        self.dirty = self.dirty or "\ufeff" in text or "\0" in text
        self.plain = self.plain and not any(mark in text for mark in ('"', *COMMENT))
        self.has_feeds = self.has_feeds or "\n" in text
        self.wrapped = self.wrapped or may_be_wrapped(text)
        self.last = text.rstrip("\ufeff\0")[-1:] or self.last


def _scanned(stream: BinaryIO, size: int, scan: _Scan) -> str:
    """Scan the whole file, and return its encoding, as `decode` finds it."""
    encoding = guessed_encoding(stream.read(SAMPLE_BYTES))
    if encoding == "utf-8" and not _is_utf8(stream, size):
        encoding = "cp1252"
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := stream.read(_CHUNK):
        scan.add(decoder.decode(chunk))
    stream.seek(0)
    return encoding


def _is_utf8(stream: BinaryIO, size: int) -> bool:
    """True also if the last character is torn."""
    stream.seek(0)
    decoder, before = codecs.getincrementaldecoder("utf-8")(), 0
    while chunk := stream.read(_CHUNK):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return before - waiting + error.start >= size - LONGEST_CHARACTER + 1
        before += len(chunk)
    return True


def _skip_line(file: io.TextIOWrapper) -> None:
    while (more := file.readline(LONGEST_LINE)) and not more.endswith(_ENDS):
        pass


def _cleaned(lines: Iterator[str], scan: _Scan) -> Iterator[str]:
    for raw in lines:
        line = raw.translate(_LEFT_OUT) if scan.dirty else raw
        line = unwrapped(line) if scan.wrapped else line
        yield from ([line] if line else []) if scan.has_feeds else line.splitlines()


def _without_last(lines: Iterator[str]) -> Iterator[str]:
    held = next(lines, None)
    for line in lines:
        yield held or ""
        held = line
