"""The card and the table that the bot's are compared with: every difference is found."""

import csv
import io

import pytest

from bench.fleet.grid import METRIC, Fate, Grid
from bench.fleet.machines import Machines
from bench.fleet.truth import Truth

GRID = Grid(20, 15)
TRUTH = Truth(GRID, dict(enumerate(Machines(60, 1.0, seed=1).run(GRID.trials, 1_000.0))))
NAMES = ("trial", "lr", "momentum", "epochs", "seed", METRIC, "epoch", "state", "seconds", "reason")
KINDS = {
    Fate.DIVERGED: ("failed", "command failed: "),
    Fate.NOT_INSTALLED: ("failed", "setup failed: "),
    Fate.OUT_OF_MEMORY: ("failed", "out of memory"),
    Fate.WITHOUT_METRICS: ("ended without metrics", ""),
    Fate.SUCCEEDED: ("succeeded", ""),
}


def _rows() -> list[dict[str, str]]:
    rows = []
    for known in GRID.expected:
        timeline = TRUTH.timelines[known.number]
        value, epoch = known.best or ("", "")
        seconds = f"{sum(each.stopped - each.started for each in timeline.attempts):.1f}"
        state, reason = KINDS[known.fate]
        place = (f"k7q2mx.{known.number}", f"{known.lr:.12g}", f"{known.momentum:.12g}", "10", "0")
        row = (*place, str(value), str(epoch), state, seconds, reason + known.failure_detail)
        rows.append(dict(zip(NAMES, row, strict=True)))
    return rows


def _table(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_a_correct_table_passes() -> None:
    assert TRUTH.wrong_rows(_table(_rows()), "k7q2mx") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", "0.00010001"), (METRIC, "96.7"), ("epoch", "3"), ("state", "failed"), ("seconds", "999"), ("reason", "x")],
)
def test_a_wrong_cell_is_found(name: str, value: str) -> None:
    rows = _rows()
    rows[0] |= {name: value}
    assert len(TRUTH.wrong_rows(_table(rows), "k7q2mx")) == 1


def test_missing_doubled_and_foreign_rows_are_found() -> None:
    rows = _rows()
    assert TRUTH.wrong_rows(_table(rows[:-1]), "k7q2mx") == ["299 of 300 rows"]
    assert TRUTH.wrong_rows(_table([rows[0], *rows]), "k7q2mx")
    assert len(TRUTH.wrong_rows(_table(rows), "bcdfgh")) == GRID.trials
    assert TRUTH.wrong_rows(b"", "k7q2mx") == ["0 of 300 rows"]


def test_the_board_leads_with_the_best_succeeded_trial() -> None:
    board, known = TRUTH.board, GRID.expected
    best = max((each for each in known if each.fate is Fate.SUCCEEDED), key=lambda each: max(each.values))
    assert board.best is not None
    assert board.best.number == board.leaders[0][0] == best.number
    assert [float(value) for _, value in board.leaders] == sorted((float(v) for _, v in board.leaders), reverse=True)
    assert board.failed == sum(count for count, _ in board.failures) == sum(each.failed for each in known)
