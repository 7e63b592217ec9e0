"""A table that a program prints line by line: a header such as `epoch  train_loss  valid_loss  time`, then its rows.

fastai prints one through `ConsoleMasterBar.write`, each cell as wide as its name and two blanks between them:
https://github.com/AnswerDotAI/fastprogress/blob/main/fastprogress/fastprogress.py
Others put `|` between the cells. A table begins with a column that counts, such as epoch or step.
"""

import re
from collections.abc import Sequence

from trainer.metrics.tables.axis import NAMES, rank
from trainer.metrics.tables.cells import number

_BEGINS = rf"(?:\x1b\[[0-9;]*m|[^A-Za-z0-9])*(?:{'|'.join(NAMES)})[\s|]"
_HEADER = re.compile(_BEGINS.encode(), re.IGNORECASE)
"""Before it fastprogress draws and deletes a block."""
_NAME = re.compile(r"[A-Za-z_][\w/@.%()-]*")
_METRIC = re.compile(
    r"loss|acc|ppl|perplexity|reward|return|f1|auc|bleu|map|wer|err|score|dice|iou|mse|mae", re.IGNORECASE
)
_RULES = re.compile(r"[|\u2502\u2503\u2551]")
_DRAWN = re.compile(r"^[^\w.+-]+")
_LEAST_COLUMNS = 3


def may_begin(line: bytes) -> bool:
    """Whether a line looks like a header. Quick: every line of the log is asked."""
    return _HEADER.match(line) is not None


class PrintedTable:
    """The table that was begun last."""

    def __init__(self) -> None:
        self._names: Sequence[str] = ()

    @property
    def begun(self) -> bool:
        """True once there is a header."""
        return bool(self._names)

    def begin(self, text: str) -> bool:
        """Take a header. False if the line is none."""
        names = _cells(text)
        fits = len(set(names)) == len(names) >= _LEAST_COLUMNS and all(map(_NAME.fullmatch, names))
        if not fits or rank(names[0]) is None or not any(map(_METRIC.search, names)):
            return False
        self._names = [names[0].lower(), *names[1:]]
        return True

    def row(self, text: str) -> dict[str, float]:
        """The numbers of a row, by the names of the header; empty for any other line. `3/10` is 3."""
        cells = _cells(text)
        if len(cells) != len(self._names):
            return {}
        at = number(cells[0].partition("/")[0])
        values = {
            name: value for name, cell in zip(self._names, cells, strict=True) if (value := number(cell)) is not None
        }
        return {} if at is None else {**values, self._names[0]: at}


def _cells(text: str) -> list[str]:
    return _RULES.sub(" ", _DRAWN.sub("", text)).split()
