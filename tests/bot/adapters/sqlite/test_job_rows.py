"""What the port promises of jobs: taken once, changed whole, found again."""

import asyncio
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.model.job import Job
from bot.domain.model.publication import NOWHERE
from bot.domain.model.states import JobState
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import StoreError
from tests.support.jobs import make_job
from tests.support.rows import changed


def _card(job: Job) -> NewPost:
    return NewPost(f"card:{job.id}", PostKind.CARD, job.id)


def _more(job: Job) -> Change:
    return Change(changed(job, revision=job.publication.revision + 1))


class TestAdd:
    async def test_the_intent_comes_with_its_posts(self, store: SqliteStore) -> None:
        job = make_job()

        assert await store.add(job, [_card(job)]) == job
        assert await store.job(job.id) == job
        assert [(post.new, post.created_at) for post in await store.pending_posts()] == [(_card(job), 1_000.0)]

    async def test_an_interaction_has_one_job(self, store: SqliteStore) -> None:
        first = await store.add(make_job(), [])
        moved = await store.change(first.id, _more)
        again = make_job(interaction_id=first.request.interaction_id)

        assert await store.add(again, [_card(again)]) == moved
        assert await store.job(again.id) is None
        assert await store.pending_posts() == []

    async def test_the_same_interaction_many_times_at_once(self, store: SqliteStore) -> None:
        added = await asyncio.gather(*(store.add(make_job(interaction_id=5), []) for _ in range(20)))

        assert len({job.id for job in added}) == 1

    async def test_an_id_that_is_taken_is_refused(self, store: SqliteStore) -> None:
        first = await store.add(make_job(), [])

        with pytest.raises(StoreError, match=f'"{first.id}" is taken'):
            await store.add(make_job(id=first.id), [])
        assert await store.job(first.id) == first

    async def test_posts_that_cannot_be_kept_take_the_job_with_them(self, store: SqliteStore) -> None:
        job = make_job()

        with pytest.raises(StoreError):
            await store.add(job, [NewPost("card", PostKind.CARD, "nobody")])
        assert await store.job(job.id) is None


class TestChange:
    async def test_gives_and_keeps_the_next_version(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        saved = await store.change(job.id, lambda job: Change(changed(job, state=JobState.RUNNING), (_card(job),)))

        assert saved == changed(job, state=JobState.RUNNING, revision=1), "the card shows it"
        assert await store.job(job.id) == saved
        assert len(await store.pending_posts()) == 1

    async def test_none_changes_nothing(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        assert await store.change(job.id, lambda _: None) == job
        assert await store.job(job.id) == job

    async def test_posts_alone_are_kept_too(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        assert await store.change(job.id, lambda job: Change(job, (_card(job),))) == job
        assert len(await store.pending_posts()) == 1

    async def test_a_step_that_raises_leaves_nothing(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        def step(_: Job) -> Change:
            raise ArithmeticError("of its own")

        with pytest.raises(ArithmeticError, match="of its own"):
            await store.change(job.id, step)
        assert await store.change(job.id, _more) == changed(job, revision=1)

    async def test_a_post_that_cannot_be_kept_takes_the_change_with_it(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])
        orphan = NewPost("note", PostKind.NOTE, "nobody")

        with pytest.raises(StoreError):
            await store.change(job.id, lambda job: Change(changed(job, revision=9), (_card(job), orphan)))
        assert await store.job(job.id) == job
        assert await store.pending_posts() == []

    async def test_an_unknown_job(self, store: SqliteStore) -> None:
        with pytest.raises(KeyError, match="nobody"):
            await store.change("nobody", _more)

    async def test_many_at_once_are_all_counted(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        await asyncio.gather(*(store.change(job.id, _more) for _ in range(100)))

        assert (await store.change(job.id, lambda _: None)).publication.revision == 100


class TestFind:
    async def test_nobody(self, store: SqliteStore) -> None:
        assert await store.job("nobody") is None
        assert await store.by_engine_id("nothing") is None
        assert await store.jobs() == []

    async def test_by_engine_id(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])
        assert await store.by_engine_id("b-1") is None

        saved = await store.change(job.id, lambda job: Change(changed(job, engine_id="b-1")))

        assert await store.by_engine_id("b-1") == saved

    async def test_newest_first_and_not_more_than_asked_for(self, store: SqliteStore) -> None:
        jobs = [await store.add(make_job(), []) for _ in range(4)]

        assert await store.jobs() == jobs[::-1]
        assert await store.jobs(limit=2) == [jobs[3], jobs[2]]

    async def test_by_what_they_are(self, store: SqliteStore) -> None:
        plain = await store.add(make_job(), [])
        other = await store.add(make_job(project="walk", channel_id=2, asker_id=3), [])
        ended = await store.add(make_job(state=JobState.FAILED, channel_id=2), [])

        assert await store.jobs(project="walk") == [other]
        assert await store.jobs(channel_id=2) == [ended, other]
        assert await store.jobs(asker_id=3) == [other]
        assert await store.jobs(live=True) == [other, plain]
        assert await store.jobs(live=False) == [ended]
        assert await store.jobs(live=True, channel_id=2) == [other]
        assert await store.jobs(live=False, channel_id=2, project="mnist") == [ended]
        assert await store.jobs(live=False, asker_id=3) == []

    async def test_of_some_projects_alone(self, store: SqliteStore) -> None:
        plain = await store.add(make_job(), [])
        other = await store.add(make_job(project="walk", channel_id=2, asker_id=3), [])
        ended = await store.add(make_job(state=JobState.FAILED, channel_id=2), [])
        await store.add(make_job(project="third"), [])

        assert await store.jobs(projects=[]) == await store.jobs(projects=[], live=True) == []
        assert await store.jobs(projects=["mnist"]) == [ended, plain]
        assert await store.jobs(projects=["walk", "nothing"]) == [other]
        assert await store.jobs(projects={"mnist", "walk"}) == [ended, other, plain]
        assert await store.jobs(projects={"mnist", "walk"}, limit=2) == [ended, other]
        assert await store.jobs(projects={"mnist", "walk"}, live=True) == [other, plain]
        assert await store.jobs(projects={"mnist", "walk"}, live=False, channel_id=2) == [ended]
        assert await store.jobs(projects=["walk"], asker_id=3) == [other]
        assert await store.jobs(projects=["mnist"], asker_id=3) == []

    async def test_live_follows_the_state(self, store: SqliteStore) -> None:
        job = await store.add(make_job(), [])

        ended = await store.change(job.id, lambda job: Change(changed(job, state=JobState.SUCCEEDED)))

        assert await store.jobs(live=True) == []
        assert await store.jobs(live=False) == [ended]


_SETTLED = {
    "state": JobState.SUCCEEDED,
    "committed_at": 1.0,
    "archived_at": 2.0,
    "card_id": 7,
    "revision": 3,
    "shown_revision": 3,
}


class TestUnfinished:
    @pytest.mark.parametrize(
        "lack", [{"state": JobState.RUNNING}, {"committed_at": None}, {"archived_at": None}, {"shown_revision": 2}]
    )
    async def test_what_lacks_something_is_open_until_it_has_it(
        self, store: SqliteStore, lack: dict[str, object]
    ) -> None:
        job = await store.add(make_job(**(_SETTLED | lack)), [])
        assert await store.unfinished() == [job]

        shown = _SETTLED | {"revision": 4, "shown_revision": 4}
        await store.change(job.id, lambda job: Change(changed(job, **shown)))  # type: ignore[arg-type]

        assert await store.unfinished() == []

    @pytest.mark.parametrize("card", [None, NOWHERE])
    async def test_a_card_that_is_not_there_is_not_old(self, store: SqliteStore, card: int | None) -> None:
        await store.add(make_job(**(_SETTLED | {"card_id": card, "shown_revision": 0})), [])

        assert await store.unfinished() == []

    async def test_oldest_first(self, store: SqliteStore) -> None:
        jobs = [await store.add(make_job(), []) for _ in range(3)]
        await store.change(jobs[0].id, _more)

        assert [job.id for job in await store.unfinished()] == [job.id for job in jobs]


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    job = make_job()
    async with open_store(tmp_path / "signalbox.db") as store:
        await store.add(job, [_card(job)])
        saved = await store.change(job.id, _more)
    async with open_store(tmp_path / "signalbox.db") as store:
        assert await store.unfinished() == [saved]
        assert [post.new for post in await store.pending_posts()] == [_card(job)]
