"""When the picture of a sweep is drawn anew, and what becomes of its files."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.posts import Change
from bot.errors import Unavailable
from bot.ports.store import Store
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.draw_board import DrawBoard
from bot.services.sweeps.refresh_board import BoardSettings, RefreshBoard
from bot.services.sweeps.trial_book import TrialBook
from bot.services.tables.table_files import TableFiles
from tests.support.fakes import FakeSampler
from tests.support.jobs import make_job
from tests.support.projects import PROJECT
from tests.support.rows import changed
from tests.support.scripted_sweep import Swept, good, grid, sweep_job
from tests.support.services import Outside

SECONDS = 10.0


class Easel:
    """One life of the bot, as far as pictures go."""

    def __init__(self, store: Store, outside: Outside, folder: Path, wakeups: Wakeups) -> None:
        projects = {PROJECT.name: PROJECT}
        trials = TrialBook(Core(store, projects, Wakeups(), outside.clock))
        self.outside, self.folder, self.wakeups, self.swept = outside, folder, wakeups, Swept(store, trials)
        files = TableFiles(outside.artifacts, folder / "tables")
        sketch = DrawBoard(trials, outside.figures, files, FakeSampler(), projects)
        self.refresh_board = RefreshBoard(
            Core(store, {}, self.wakeups, outside.clock), sketch, BoardSettings(folder, SECONDS)
        )

    @property
    def drawn(self) -> int:
        return len(self.outside.figures.boards)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    async def once(self, *, after: float = 0.0) -> int:
        """A pass; how many pictures have been drawn in all."""
        self.outside.clock.tick(after)
        await self.refresh_board.once()
        return self.drawn


@pytest.fixture
def easel(store: Store, outside: Outside, tmp_path: Path, wakeups: Wakeups) -> Easel:
    return Easel(store, outside, tmp_path / "pictures", wakeups)


class TestWhen:
    async def test_the_first_is_drawn_at_once_when_nothing_has_ended_yet(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        sweep = await easel.swept.sweep()
        assert sweep.board.picture == str(easel.folder / "k7q2mx-1.png")
        assert Path(sweep.board.picture).read_bytes() == b"board 1"

    async def test_its_own_commit_makes_the_card_new_but_no_other_picture(self, easel: Easel) -> None:
        before = await easel.swept.begin()
        await easel.once()
        job, sweep = await easel.swept.sweep(), await easel.swept.sweep()
        assert (job.publication.revision, sweep.board.painted_revision) == (
            before.publication.revision + 1,
            before.publication.revision + 1,
        )
        assert await easel.once(after=10 * SECONDS) == 1
        assert await easel.swept.sweep() == job

    async def test_a_new_picture_wakes_the_delivery_of_the_card(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.swept.with_card()
        await easel.once()
        async with asyncio.timeout(0):
            await easel.wakeups.of("deliver").wait(60)

    async def test_the_next_waits_however_much_happens(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        drawn = []
        for number in range(4):
            await easel.swept.tell(good(number, 90.0 + number))
            drawn.append(await easel.once(after=SECONDS / 4 + 0.1))
        assert drawn == [1, 1, 1, 2]
        assert [cell.value for cell in easel.outside.figures.boards[-1].cells] == [90, 91, 92, 93]

    async def test_the_more_trials_the_longer(self, easel: Easel) -> None:
        await easel.swept.begin(grid(lr=tuple(n / 100 for n in range(1, 101)), m=tuple(n / 50 for n in range(50))))
        await easel.once()
        await easel.swept.tell(good(7, 90.0))
        assert await easel.once(after=4.9 * SECONDS) == 1
        assert await easel.once(after=0.2 * SECONDS) == 2

    async def test_the_last_does_not_wait(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        await easel.swept.tell(good(0, 90.0))
        await easel.swept.end()
        assert await easel.once() == 2

    async def test_what_does_not_show_in_it_is_no_reason_for_a_new_one(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        await easel.swept.touch()
        before = await easel.swept.sweep()
        assert await easel.once(after=SECONDS) == 1
        sweep = await easel.swept.sweep()
        assert sweep.publication.revision == sweep.board.painted_revision == before.publication.revision

    async def test_what_changes_while_it_is_drawn_is_in_the_next(
        self, easel: Easel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await easel.swept.begin()
        board = easel.outside.figures.board

        async def meanwhile(request: object) -> object:
            await easel.swept.tell(good(0, 90.0))
            return await board(request)  # type: ignore[arg-type]

        monkeypatch.setattr(easel.outside.figures, "board", meanwhile)
        await easel.once()
        monkeypatch.undo()
        sweep = await easel.swept.sweep()
        assert sweep.board.painted_revision < sweep.publication.revision
        assert await easel.once(after=SECONDS) == 2
        assert easel.outside.figures.boards[-1].cells[0].value == 90.0

    async def test_a_job_that_is_no_sweep_has_none(self, easel: Easel, store: Store) -> None:
        await store.add(make_job(), ())
        assert await easel.once() == 0


class TestFailures:
    async def test_one_that_fails_is_tried_again_later(self, easel: Easel) -> None:
        await easel.swept.begin()
        easel.outside.figures.fail("board", Unavailable("it died"))
        assert await easel.once() == 0
        assert (await easel.swept.sweep()).board.picture == ""
        assert await easel.once(after=SECONDS / 2) == 0
        assert await easel.once(after=SECONDS) == 1

    async def test_the_last_one_too(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        await easel.swept.end()
        await easel.swept.tell(good(0, 90.0))
        easel.outside.figures.fail("board", Unavailable("it died"))
        assert await easel.once() == 1
        assert await easel.once(after=SECONDS / 2) == 1
        assert await easel.once(after=SECONDS) == 2

    async def test_one_sweep_does_not_hold_up_another(self, easel: Easel, store: Store) -> None:
        await easel.swept.begin()
        await store.add(changed(sweep_job(at=1_000_001.0), id="b4n8wd", interaction_id=10), ())
        easel.outside.figures.fail("board", Unavailable("it died"))
        assert await easel.once() == 1

    async def test_a_full_disk_is_no_end(self, easel: Easel) -> None:
        await easel.swept.begin()
        easel.folder.write_text("in the way")
        await easel.once()
        easel.folder.unlink()
        await easel.once(after=SECONDS)
        assert easel.files == ["k7q2mx-1.png"]

    async def test_a_restart_draws_what_is_new_alone(self, easel: Easel, store: Store) -> None:
        await easel.swept.begin()
        await easel.once()
        again = Easel(store, easel.outside, easel.folder, easel.wakeups)
        assert await again.once() == 1
        await again.swept.tell(good(0, 90.0))
        assert await again.once() == 2
        assert again.files == ["k7q2mx-1.png", "k7q2mx-2.png"]


class TestFiles:
    @pytest.fixture
    async def told(self, easel: Easel) -> Iterator[int]:
        await easel.swept.begin()
        return iter(range(4))

    async def new(self, easel: Easel, told: Iterator[int]) -> None:
        await easel.swept.tell(good(next(told), 90.0))
        await easel.once(after=SECONDS)

    async def test_older_ones_go_but_the_one_before_and_what_the_card_shows(
        self, easel: Easel, told: Iterator[int]
    ) -> None:
        await easel.once()
        await easel.swept.shown()
        for _ in range(3):
            await self.new(easel, told)
        assert easel.files == ["k7q2mx-1.png", "k7q2mx-3.png", "k7q2mx-4.png"]
        await easel.swept.shown()
        await self.new(easel, told)
        assert easel.files == ["k7q2mx-4.png", "k7q2mx-5.png"]

    async def test_those_of_other_sweeps_stay(self, easel: Easel, told: Iterator[int]) -> None:
        easel.folder.mkdir()
        (easel.folder / "b4n8wd-1.png").write_bytes(b"another's")
        for _ in range(3):
            await self.new(easel, told)
        assert easel.files == ["b4n8wd-1.png", "k7q2mx-2.png", "k7q2mx-3.png"]

    async def test_after_a_week_they_are_tidied_away_but_an_open_sweeps(
        self, easel: Easel, told: Iterator[int]
    ) -> None:
        await easel.once()
        (easel.folder / "b4n8wd-9.png").write_bytes(b"old")
        (easel.folder / "c5p9xf-9.png").write_bytes(b"new")
        week = easel.outside.clock() - 7 * 86_400
        os.utime(easel.folder / "b4n8wd-9.png", (week - 1, week - 1))
        os.utime(easel.folder / "k7q2mx-1.png", (week - 1, week - 1))
        os.utime(easel.folder / "c5p9xf-9.png", (week + 1, week + 1))
        await easel.refresh_board.tidy()
        assert easel.files == ["c5p9xf-9.png", "k7q2mx-1.png"]

    async def test_with_no_folder_there_is_nothing_to_tidy(self, easel: Easel) -> None:
        await easel.refresh_board.tidy()
        assert not easel.folder.exists()


class TestTheEnd:
    async def test_live_picture_says_as_of_when_and_the_last_one_does_not(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.once()
        await easel.swept.tell(good(0, 90.0))
        await easel.swept.end()
        await easel.once()
        first, last = easel.outside.figures.boards
        assert first.as_of is not None
        assert last.as_of is None

    async def test_curves_are_a_picture_of_their_own(self, easel: Easel) -> None:
        await easel.swept.begin()
        await easel.swept.tell(good(0, 90.0))
        await easel.swept.end()
        easel.outside.artifacts.objects["s3://bucket/jobs/k7q2mx/0/metrics.csv"] = b"val_accuracy\n90\n"
        picture = await easel.refresh_board.final(await easel.swept.sweep())
        assert (picture.png, picture.remarks) == (b"board 1", "")
        assert (await easel.refresh_board.curves(await easel.swept.sweep())).png == b"png"
        (request,) = easel.outside.figures.requests
        assert [curve.label for curve in request.curves] == [".0 lr=0.1 momentum=0.5"]
        assert request.title == "mnist sweep k7q2mx: best trial"

    async def test_one_that_cannot_be_drawn_is_for_the_caller_to_wait_for(self, easel: Easel) -> None:
        await easel.swept.begin()
        easel.outside.figures.fail("board", Unavailable("it died"))
        with pytest.raises(Unavailable):
            await easel.refresh_board.final(await easel.swept.sweep())

    async def test_a_sweep_that_is_put_to_rest_is_forgotten(self, easel: Easel, store: Store) -> None:
        await easel.swept.begin()
        await easel.once()
        await store.change(
            "k7q2mx",
            lambda job: Change(changed(job, committed_at=1.0, archived_at=1.0, shown_revision=99, card_id=5)),
        )
        await easel.swept.end()
        await easel.once()
        assert easel.refresh_board._last == {}
