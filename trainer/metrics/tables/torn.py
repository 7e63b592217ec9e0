"""Tell a torn last line from a whole one, in a file that does not end with a line feed."""

from collections.abc import Sequence

from trainer.metrics.tables.cells import number

_LONG = 10
"""Digits of a number that was written without rounding."""


def is_torn(row: Sequence[str], before: Sequence[Sequence[str]]) -> bool:
    """True if something seems to be missing at the end of `row`, compared with the rows before it.

    A file that was written by `"\\n".join(rows)` ends without a line feed, too, and its last row is whole.
    """
    data = [each for each in before if any(number(cell) is not None for cell in each)]
    if not data:
        return False
    usual = data[-1]
    if len(row) < len(usual):
        return True
    end = row[-1].strip()
    if not end and usual[-1].strip():
        return True
    if end[-1:] in ("-", "+", ".", "e", "E", "\ufffd"):
        return True
    cells = [each[-1].strip() for each in data if len(each) == len(row) and each[-1].strip()]
    if number(end) is None and cells and all(number(cell) is not None for cell in cells):
        return True
    return bool(end) and _is_cut(end, cells)


def _is_cut(cell: str, others: Sequence[str]) -> bool:
    """True for a number that is cut off in the middle, as far as its length shows it."""
    if not others or number(cell) is None or number(others[-1]) is None:
        return False
    decimals = {_decimals(other) for other in others}
    if "." in others[-1] and cell.isdecimal():
        return True
    if len(decimals) == 1 and len(others) > 1:
        return _decimals(cell) < next(iter(decimals))
    return min(map(len, others)) > _LONG and len(cell) < min(map(len, others)) - 3


def _decimals(cell: str) -> int:
    mantissa = cell.lower().split("e")[0]
    return len(mantissa.partition(".")[2])
