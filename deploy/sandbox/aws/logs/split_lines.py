"""Split a byte stream into log events as Docker's awslogs driver does.

https://docs.docker.com/engine/logging/drivers/awslogs/: each line is one event and ends at a line feed; carriage
returns stay, empty lines are dropped, and a line that is too long becomes several events.
"""

MAX_EVENT_BYTES = 256 * 1024 - 26


class LineSplitter:
    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Add output; the lines that are complete now."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        events = [event for line in whole for event in _events(line)]
        while len(self._rest) > MAX_EVENT_BYTES:
            cut = _cut(self._rest)
            events.append(_text(self._rest[:cut]))
            self._rest = self._rest[cut:]
        return events

    def finish(self) -> list[str]:
        """The last line, if it did not end in a line feed."""
        rest, self._rest = self._rest, b""
        return _events(rest)


def _events(line: bytes) -> list[str]:
    events = []
    while line:
        cut = _cut(line)
        events.append(_text(line[:cut]))
        line = line[cut:]
    return events


def _cut(line: bytes) -> int:
    """Length of a line's first event: at most MAX_EVENT_BYTES, and never ending inside a character."""
    if len(line) <= MAX_EVENT_BYTES:
        return len(line)
    cut = MAX_EVENT_BYTES
    while cut > MAX_EVENT_BYTES - 3 and line[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
