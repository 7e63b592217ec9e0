"""The figures of the large sweep, from recorded calls, messages and cards."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bench.fleet.board import Board
from bench.fleet.grid import Grid
from bench.fleet.limits import Ledger
from bench.fleet.machines import Machines
from bench.fleet.sweep_figures import (
    Observed,
    call_figures,
    false_boards,
    message_figures,
    process_figures,
    staleness,
    sweep_figures,
)
from bench.fleet.truth import Truth
from bench.report.figures import Figure, Verdict
from bench.report.probe import Probe

ENDS = [10.0, 20.0, 30.0, 40.0]
GRID = Grid(20, 15)
TRUTH = Truth(GRID, dict(enumerate(Machines(60, 1.0, seed=1).run(GRID.trials, 1_000.0))))
LAST_END = max(timeline.ended_at for timeline in TRUTH.timelines.values())


def _board(ended: int | None, *leaders: tuple[int, str]) -> Board:
    return Board(ended, 0, 0, None, leaders, ())


def _probe(**peaks: float) -> Probe:
    probe = Probe(os.getpid(), "http://unused")
    for name, value in peaks.items():
        setattr(probe, name, value)
    return probe


OBSERVED = Observed(
    sweep_id="k7q2mx",
    table=b"",
    pictures={"card": b"x" * 2_000, "result message": b""},
    boards=[(1_000.5, _board(0)), (LAST_END + 1, _board(None)), (LAST_END + 2, TRUTH.board)],
    restarted_at=LAST_END,
    result_at=LAST_END + 1.5,
    results=[{"content": "k7q2mx finished"}],
    probes=[],
)


def _figures(observed: Observed) -> Mapping[str, Figure]:
    return {figure.what: figure for figure in sweep_figures(observed, TRUTH)}


def test_a_card_is_as_old_as_the_first_end_it_lacks() -> None:
    boards = [(5.0, _board(0)), (25.0, _board(1)), (41.0, _board(4)), (50.0, _board(None))]
    assert list(staleness(boards, ENDS)) == [0.0, 5.0]


def test_a_card_with_more_ends_than_there_were_is_false() -> None:
    grid = Grid(2, 2)
    truth = Truth(grid, dict(enumerate(Machines(1, 1.0, seed=1).run(4, 0.0))))
    boards = [(25.0, _board(2)), (25.0, _board(3))]
    assert false_boards(boards, ENDS, truth) == [boards[1][1]]


def test_a_leaders_value_must_be_one_that_it_reported() -> None:
    trial = next(each for each in GRID.expected if each.values)
    right, wrong = _board(None, (trial.number, f"{trial.values[0]:.4g}")), _board(None, (trial.number, "1.234"))
    assert false_boards([(0.0, right), (0.0, wrong)], ENDS, Truth(GRID, {})) == [wrong]


def test_a_right_card_meets_its_targets_and_a_missing_table_does_not() -> None:
    found = _figures(OBSERVED)
    assert found["trials that ended"].measured == GRID.trials
    assert found["last trial's end to the result message"].measured == pytest.approx(1.5)
    assert found["result messages"].verdict is Verdict.GOOD
    assert found["picture on the card"].measured == 2
    missed = [what for what, figure in found.items() if figure.verdict is Verdict.MISSED]
    assert missed == ["wrong rows in the CSV, of 300", "picture on the result message"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"results": [{}, {}]}, "result messages"),
        ({"boards": [*OBSERVED.boards, (LAST_END + 3, _board(None))]}, "wrong parts of the final card"),
        ({"boards": [(1_000.0, _board(7)), *OBSERVED.boards]}, "cards that showed a state that never existed"),
        (
            {"boards": [(LAST_END - 1, _board(9)), (LAST_END, _board(8)), *OBSERVED.boards[1:]]},
            "trials missing from the card after the restart",
        ),
    ],
    ids=["two results", "wrong end", "impossible count", "lost by the kill"],
)
def test_a_wrong_observation_misses_its_target(change: dict[str, Any], what: str) -> None:
    assert _figures(OBSERVED)[what].verdict is Verdict.GOOD
    assert _figures(replace(OBSERVED, **change))[what].verdict is Verdict.MISSED


def test_figures_of_calls() -> None:
    ledger = Ledger()
    ledger.admit("SubmitJob", 1_000.0)
    for second in range(61):
        ledger.admit("DescribeJobs", 1_000.0 + second)
    found = {figure.what: figure for figure in call_figures(ledger)}
    assert found["SubmitJob"].verdict is Verdict.GOOD
    assert found["DescribeJobs and ListJobs, mean"].measured == 61
    assert found["DescribeJobs and ListJobs, worst minute"].measured == 60
    assert found["DescribeJobs, total"].measured == 61
    assert found["calls that AWS throttled"].verdict is Verdict.GOOD
    for _ in range(60):
        ledger.admit("SubmitJob", 2_000.0)
    found = {figure.what: figure for figure in call_figures(ledger)}
    assert found["SubmitJob"].verdict is found["calls that AWS throttled"].verdict is Verdict.MISSED
    assert found["calls that AWS throttled"].measured == 10


def test_figures_of_messages() -> None:
    times = {"message.create": [float(each) for each in range(61)], "message.edit": [0.0] * 61, "thread.create": [1.0]}
    messages, edits, limited, threads = message_figures(lambda kind: times.get(kind, []))
    assert (messages.measured, messages.verdict) == (60, Verdict.GOOD)
    assert (edits.measured, edits.verdict) == (61, Verdict.MISSED)
    assert (limited.measured, limited.verdict) == (0, Verdict.GOOD)
    assert (threads.measured, threads.verdict) == (1, Verdict.GOOD)


def test_figures_of_two_processes_take_the_higher_peaks() -> None:
    before = _probe(memory=251_000_000, children_memory=1_000_000, stall=0.01, cpu_seconds=2.0)
    after = _probe(memory=100_000_000, children_memory=3_000_000, stall=0.03, cpu_seconds=3.0)
    memory, children, stall, cpu = process_figures([before, after])
    assert (memory.measured, memory.verdict) == (251, Verdict.MISSED)
    assert (children.measured, stall.measured, cpu.measured) == (3, 30, 5)
