"""The benchmark of a sweep in its small form, and what its figures are made of."""

import pytest

from bench.__main__ import BENCHMARKS
from bench.benchmarks import large_sweep
from bench.fleet.board import Board
from bench.fleet.grid import Grid
from bench.fleet.machines import Machines
from bench.fleet.truth import Truth
from bench.report.figures import Verdict

ENDS = [10.0, 20.0, 30.0, 40.0]


def _board(ended: int | None, *leaders: tuple[int, str]) -> Board:
    return Board(ended, 0, 0, None, leaders, ())


def test_a_board_is_as_old_as_the_news_that_it_lacks() -> None:
    boards = [(5.0, _board(0)), (25.0, _board(1)), (41.0, _board(4)), (50.0, _board(None))]
    assert list(large_sweep._ages(boards, ENDS)) == [0.0, 5.0]


def test_more_ends_than_there_were_are_false() -> None:
    grid = Grid(2, 2)
    truth = Truth(grid, dict(enumerate(Machines(1, 1.0, seed=1).run(4, 0.0))))
    boards = [(25.0, _board(2)), (25.0, _board(3))]
    assert large_sweep._false(boards, ENDS, truth) == [boards[1][1]]


def test_a_leader_s_value_is_one_that_it_has_told() -> None:
    grid = Grid(20, 15)
    known = next(each for each in grid.expected if each.values)
    truth = Truth(grid, {})
    told, never = _board(None, (known.number, f"{known.values[0]:.4g}")), _board(None, (known.number, "1.234"))
    assert large_sweep._false([(0.0, told), (0.0, never)], ENDS, truth) == [never]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_small_sweep_is_right_at_its_end_and_was_asked_for_once() -> None:
    assert BENCHMARKS["sweep"].run is large_sweep.run
    result = await large_sweep.run(small=True)
    missed = [figure for figure in result.figures if figure.verdict is Verdict.MISSED]
    assert not missed
    assert len([figure for figure in result.figures if figure.verdict is Verdict.GOOD]) > 15
