"""What is asked of the drawing process, of the sampler and of S3 for the picture of a sweep."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model.trial import TrialState
from bot.errors import Throttled, Unavailable
from bot.ports.store import Store
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.draw_board import DrawBoard
from bot.services.sweeps.trial_book import TrialBook
from bot.services.tables.table_files import TableFiles
from tests.support.fakes import FakeSampler
from tests.support.projects import PROJECT
from tests.support.scripted_sweep import THREE, TWO, Swept, good, grid
from tests.support.services import Outside

CSV = b"epoch,val_accuracy\n1,90\n"


class Board:
    def __init__(self, store: Store, outside: Outside, folder: Path) -> None:
        projects, files = {PROJECT.name: PROJECT}, TableFiles(outside.artifacts, folder / "tables")
        trials = TrialBook(Core(store, projects, Wakeups(), outside.clock))
        self.sampler, self.artifacts, self.figures = FakeSampler(), outside.artifacts, outside.figures
        self.swept = Swept(store, trials)
        self.draw_board = DrawBoard(trials, outside.figures, files, self.sampler, projects)

    async def importance(self) -> dict[str, float]:
        job = await self.swept.sweep()
        return dict((await self.draw_board.request(job)).importance)

    async def curves(self) -> list[str]:
        job = await self.swept.sweep()
        await self.draw_board.curves(job)
        request = self.figures.requests[-1]
        assert all(curve.csv == CSV for curve in request.curves)
        return [curve.label for curve in request.curves]

    def left(self, *names: str) -> None:
        for name in names:
            self.artifacts.objects[f"s3://bucket/jobs/{name}/metrics.csv"] = CSV


@pytest.fixture
def board(store: Store, outside: Outside, tmp_path: Path) -> Board:
    return Board(store, outside, tmp_path)


async def test_the_request_has_every_point_as_it_is_now(board: Board) -> None:
    job = await board.swept.begin()
    await board.swept.tell(good(1, 97.5))
    request = await board.draw_board.request(job)
    assert [cell.at for cell in request.cells] == [(0.1, 0.5), (0.1, 0.1), (0.01, 0.5), (0.01, 0.1)]
    assert [cell.state for cell in request.cells] == [TrialState.WAITING, TrialState.SUCCEEDED, *["waiting"] * 2]
    assert request.cells[1].value == 97.5


class TestImportance:
    async def test_of_two_axes_nobody_asks(self, board: Board) -> None:
        await board.swept.begin(TWO)
        await board.swept.tell(*(good(n, n) for n in range(4)))
        await board.swept.end()
        assert (await board.importance(), board.sampler.weighed) == ({}, [])

    async def test_axes_of_one_value_do_not_count(self, board: Board) -> None:
        await board.swept.begin(grid(lr=(0.1, 0.01), momentum=(0.5, 0.1), seed=(1,)))
        await board.swept.tell(*(good(n, n) for n in range(4)))
        await board.swept.end()
        assert (await board.importance(), board.sampler.weighed) == ({}, [])

    async def test_is_asked_for_when_as_many_again_are_over_and_at_the_end(self, board: Board) -> None:
        await board.swept.begin(THREE)
        asked = []
        for count in range(1, 48):
            await board.swept.tell(good(count, count))
            if await board.importance():
                asked.append(count)
        assert asked == list(range(10, 48))
        assert board.sampler.weighed == [10, 20, 40]
        await board.swept.end()
        assert await board.importance() == await board.importance() == board.sampler.weights
        assert board.sampler.weighed == [10, 20, 40, 47]

    async def test_a_sampler_that_fails_takes_nothing_with_it(self, board: Board) -> None:
        await board.swept.begin(THREE)
        await board.swept.tell(*(good(n, n) for n in range(10)))
        board.sampler.fail("importance", Unavailable("it died"))
        assert await board.importance() == {}
        await board.swept.tell(*(good(n, n) for n in range(10, 20)))
        assert await board.importance() == board.sampler.weights

    async def test_what_was_known_stays_while_it_fails(self, board: Board) -> None:
        await board.swept.begin(THREE)
        await board.swept.tell(*(good(n, n) for n in range(10)))
        await board.importance()
        await board.swept.tell(*(good(n, n) for n in range(10, 20)))
        board.sampler.fail("importance", Unavailable("it died"))
        assert await board.importance() == board.sampler.weights

    async def test_of_sweeps_that_are_gone_nothing_is_kept(self, board: Board) -> None:
        await board.swept.begin(THREE)
        await board.swept.tell(*(good(n, n) for n in range(10)))
        await board.importance()
        board.draw_board.forget_all_but({"k7q2mx"})
        await board.importance()
        board.draw_board.forget_all_but(set())
        await board.importance()
        assert board.sampler.weighed == [10, 10]


class TestCurves:
    async def test_at_the_end_there_are_those_of_the_best_the_best_first(self, board: Board) -> None:
        await board.swept.begin()
        await board.swept.tell(good(0, 95.0), good(1, 97.0), good(2, 96.0))
        board.left("k7q2mx/0", "k7q2mx/1", "k7q2mx/2")
        await board.swept.end()
        assert await board.curves() == [
            ".1 lr=0.1 momentum=0.1",
            ".2 lr=0.01 momentum=0.5",
            ".0 lr=0.1 momentum=0.5",
        ]

    async def test_a_run_of_an_earlier_sweep_lies_there(self, board: Board) -> None:
        await board.swept.begin()
        await board.swept.tell(good(0, 95.0, source="b4n8wd"))
        board.left("b4n8wd/0")
        await board.swept.end()
        assert await board.curves() == ["b4n8wd.0 lr=0.1 momentum=0.5"]

    @pytest.mark.parametrize("error", [None, Throttled("slow down")])
    async def test_one_that_cannot_be_had_is_left_out(self, board: Board, error: Throttled | None) -> None:
        await board.swept.begin()
        await board.swept.tell(good(0, 95.0), good(1, 97.0))
        board.left("k7q2mx/0", *(["k7q2mx/1"] if error else []))
        await board.swept.end()
        if error is not None:
            board.artifacts.fail("read", error)
        assert await board.curves() == [".0 lr=0.1 momentum=0.5"]


async def test_a_plan_of_folds_draws_the_first_fold(board: Board) -> None:
    space = replace(TWO.space, encoded={**TWO.space.encoded, "folds": 2})
    await board.swept.begin(replace(TWO, space=space, trials=8, folds=2))
    await board.swept.tell(good(2, 90.0), good(3, 92.0))
    board.left("k7q2mx/2", "k7q2mx/3")
    await board.swept.end()
    assert await board.curves() == [".2 lr=0.1 momentum=0.1 fold=0"]
