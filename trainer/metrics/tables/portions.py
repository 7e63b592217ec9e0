"""Take lines and rows in portions that fit into memory, however long they are."""

from collections.abc import Iterator

_FIRST_CHARACTERS = 512 * 1024
_ROWS, _CELLS = 4096, 65_536


def first_lines(lines: Iterator[str], count: int) -> list[str]:
    """Take `count` lines, or fewer if they are long."""
    taken: list[str] = []
    room = _FIRST_CHARACTERS
    while len(taken) < count and room > 0 and (line := next(lines, None)) is not None:
        taken.append(line)
        room -= len(line)
    return taken


def chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Group rows, the fewer the more cells they have."""
    chunk: list[list[str]] = []
    cells = 0
    for row in rows:
        chunk.append(row)
        cells += len(row)
        if len(chunk) >= _ROWS or cells >= _CELLS:
            yield chunk
            chunk, cells = [], 0
    if chunk:
        yield chunk
