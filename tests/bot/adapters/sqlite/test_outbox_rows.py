"""What the port promises of posts: once by key, in order by lane, settled together with what that changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.model.job import Job
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.errors import StoreError
from tests.support.jobs import make_job
from tests.support.rows import changed


def _note(job: Job, key: str, text: str = "") -> NewPost:
    return NewPost(key, PostKind.NOTE, job.id, text=text)


def _nothing(_: Job) -> None:
    return None


async def _say(store: SqliteStore, job: Job, *posts: NewPost) -> None:
    await store.change(job.id, lambda job: Change(job, posts))


async def _keys(store: SqliteStore) -> list[str]:
    return [post.new.key for post in await store.pending_posts()]


@pytest.fixture
async def job(store: SqliteStore) -> Job:
    return await store.add(make_job(), [])


async def test_a_post_comes_back_as_it_was_committed(store: SqliteStore, job: Job) -> None:
    files = (File("a.png", b"\x89PNG\0"), File("a.log", path="logs/a.log"))
    new = NewPost("log:0", PostKind.LOG, job.id, text="loss 0.1\0 \u2013 ok", files=files, digest=True)

    await _say(store, job, new)

    (post,) = await store.pending_posts()
    assert post.new == new
    assert (post.created_at, post.attempted_at, post.attempts) == (1_000.0, None, 0)
    assert (post.message_id, post.done_at, post.parked) == (None, None, "")


async def test_a_key_counts_once_also_after_its_delivery(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a", "first"), _note(job, "a", "second"))
    await _say(store, job, _note(job, "a", "third"))
    (post,) = await store.pending_posts()
    assert post.new.text == "first"

    await store.post_done(post.id, 1, 2.0, _nothing)
    await _say(store, job, _note(job, "a", "fourth"))

    assert await store.pending_posts() == []


async def test_a_post_knows_the_delivery_before_it_in_its_lane(store: SqliteStore, job: Job) -> None:
    end = NewPost("end", PostKind.END, job.id)
    await _say(store, job, NewPost("card", PostKind.CARD, job.id), _note(job, "a"), _note(job, "b"), end)
    card, first = await store.pending_posts()
    assert (card.previous_id, first.previous_id) == (None, None)
    await store.post_done(card.id, 70, 2.0, _nothing)
    await store.post_done(first.id, 80, 2.0, _nothing)
    second, last = await store.pending_posts()
    assert (second.new.key, second.previous_id) == ("b", 80)
    assert (last.new.key, last.previous_id) == ("end", 70)


async def test_the_files_of_a_key_that_is_there_are_left_out(store: SqliteStore, job: Job) -> None:
    for content in (b"first", b"second"):
        await _say(store, job, NewPost("a", PostKind.END, job.id, files=(File("a.png", content),)))

    (post,) = await store.pending_posts()
    assert post.new.files == (File("a.png", b"first"),)


async def test_the_first_of_each_lane_oldest_first(store: SqliteStore, job: Job) -> None:
    other = await store.add(make_job(), [])
    await _say(store, job, _note(job, "a1"), NewPost("card", PostKind.CARD, job.id), _note(job, "a2"))
    await _say(store, other, _note(other, "b1"))
    await _say(store, job, NewPost("end", PostKind.END, job.id))

    assert await _keys(store) == ["a1", "card", "b1"]


async def test_the_next_comes_when_the_first_is_delivered(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a"), _note(job, "b"), _note(job, "c"))
    order = []
    while posts := await store.pending_posts():
        order += [post.new.key for post in posts]
        await store.post_done(posts[0].id, 9, 2.0, _nothing)

    assert order == ["a", "b", "c"]


async def test_a_parked_post_lets_its_lane_go_on(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a"), _note(job, "b"))

    await store.post_parked((await store.pending_posts())[0].id, "the thread is locked", 2.0)

    assert await _keys(store) == ["b"]


async def test_an_attempt_keeps_the_first_time_and_counts(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a"))
    (post,) = await store.pending_posts()

    await store.post_attempted(post.id, 5.0)
    await store.post_attempted(post.id, 9.0)

    assert await store.pending_posts() == [replace(post, attempted_at=5.0, attempts=2)]


async def test_a_delivery_comes_with_what_it_changes(store: SqliteStore, job: Job) -> None:
    await _say(store, job, NewPost("card", PostKind.CARD, job.id))
    (post,) = await store.pending_posts()

    await store.post_done(
        post.id, 77, 2.0, lambda job: Change(changed(job, card_id=77), (NewPost("t", PostKind.THREAD, job.id),))
    )

    assert await store.job(job.id) == changed(job, card_id=77)
    assert await _keys(store) == ["t"]


async def test_a_delivery_whose_step_raises_has_not_happened(store: SqliteStore, job: Job) -> None:
    await _say(store, job, NewPost("end", PostKind.END, job.id, files=(File("a.png", b"1"),)))
    posts = await store.pending_posts()

    def step(_: Job) -> Change:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await store.post_done(posts[0].id, 77, 2.0, step)
    assert await store.pending_posts() == posts


async def test_a_post_is_settled_once(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a"))
    (post,) = await store.pending_posts()
    steps = []

    def step(job: Job) -> None:
        steps.append(job)

    for _ in range(2):
        await store.post_done(post.id, 77, 2.0, step)
    await store.post_parked(post.id, "too late", 3.0)

    assert len(steps) == 1
    assert await store.pending_posts() == []


async def test_a_post_for_an_unknown_job_is_refused(store: SqliteStore, job: Job) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await _say(store, job, NewPost("a", PostKind.NOTE, "nobody"))


async def test_half_a_surrogate_pair_does_not_stop_the_outbox(store: SqliteStore, job: Job) -> None:
    await _say(store, job, _note(job, "a", "half \ud83d, whole \U0001f600"))

    assert (await store.pending_posts())[0].new.text == "half \ufffd, whole \U0001f600"


async def test_what_is_delivered_leaves_neither_text_nor_files_behind(tmp_path: Path) -> None:
    text = "0123456789abcdef" * 4096
    async with open_store(tmp_path / "s.db") as store:
        job = await store.add(make_job(), [])
        for number in range(20):
            file = File("a.log", text.encode())
            await _say(store, job, NewPost(f"n{number}", PostKind.NOTE, job.id, text=text, files=(file,)))
            (post,) = await store.pending_posts()
            await store.post_done(post.id, number, 2.0, _nothing)

    assert (tmp_path / "s.db").stat().st_size < 5 * len(text)


async def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    """Discord would take the nonce of an old post for the old post."""
    numbers = []
    for name in ("a", "b", "c"):
        async with open_store(tmp_path / "s.db") as store:
            job = await store.add(make_job(), [])
            await _say(store, job, _note(job, name))
            (post,) = await store.pending_posts()
            await store.post_done(post.id, 1, 2.0, _nothing)
            numbers.append(post.id)
            await store._write(lambda db: db.execute("DELETE FROM post"))

    assert numbers == sorted(set(numbers))
