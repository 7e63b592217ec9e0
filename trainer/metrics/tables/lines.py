"""The lines of a text table that hold cells: without comments, with quoted line feeds joined."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

COMMENT = ("#", "%")
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_ROW = re.compile(r'\s*"?[-+]?[\d.]+(?:[eE][-+]?\d+)?"?\s*[,;|\t]')
"""A line that begins with a number and a delimiter does not continue a quoted cell."""
_NOTHING = ",;|\"' \t"
"""A line of nothing else has no cells."""
_MOST_COMMENTS = 100
_LONGEST_QUOTE = 20
"""Lines that one quoted cell may have. A quote that is not closed by then is an ordinary character."""
_LONGEST_JOINED = 1024 * 1024
"""Characters of such lines."""


class Lines:
    """Iterates over the lines with cells. `comments` are the last ones before the first, without their marks.

    `plain` text has neither quotes nor comments. There, blank lines are left for the reader to pass over.
    """

    def __init__(self, lines: Iterable[str], *, plain: bool = False) -> None:
        self._source, self._plain = iter(lines), plain
        self._back: list[str] = []
        self.comments: deque[str] = deque(maxlen=_MOST_COMMENTS)
        self.separator = ""
        """The delimiter that a first line `sep=;` names, as Excel takes it."""
        first = next((line for line in self._source if self._holds_cells(line)), None)
        if first is not None and (named := _SEPARATOR.fullmatch(first.strip())):
            self.separator, first = named[1], None
        self._source = chain([] if first is None else [first], self._source)

    def __iter__(self) -> Iterator[str]:
        return self._source if self._plain else self._lines()

    def _lines(self) -> Iterator[str]:
        while (line := self._next()) is not None:
            text = line.strip()
            if text.strip(_NOTHING) and not text.startswith(COMMENT):
                yield line if line.count('"') % 2 == 0 else self._joined(line)

    def _holds_cells(self, line: str) -> bool:
        text = line.strip()
        if not text.startswith(COMMENT):
            return bool(text.strip(_NOTHING))
        self.comments.append(text.lstrip("#%").strip())
        return False

    def _next(self) -> str | None:
        return self._back.pop() if self._back else next(self._source, None)

    def _joined(self, line: str) -> str:
        """Join a line with those that its quoted cell continues on. Drops the quotes if none of them closes it."""
        taken = [line]
        room = _LONGEST_JOINED - len(line)
        while len(taken) < _LONGEST_QUOTE and (more := self._next()) is not None:
            room -= len(more)
            if room < 0 or _ROW.match(more):
                self._back.append(more)
                break
            taken.append(more)
            if more.count('"') % 2:
                return "".join(taken)
        self._back += reversed(taken[1:])
        return line.replace('"', "")
