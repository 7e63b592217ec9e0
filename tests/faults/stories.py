"""Whole stories of jobs, told the same way whether the bot is cut in them or not, and what they leave behind."""

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.posts import Lane, PostKind
from bot.domain.states import EndReason, JobState
from bot.errors import Refused, Unavailable
from tests.faults.gates import Fault
from tests.faults.world import MEMORY, Play, World

CSV = b"epoch,train_loss,val_loss,val_accuracy\n1,0.9,0.8,71.5\n2,0.5,0.4,96.7\n"
BATCH_ID = "batch-1"

Story = Callable[[Play], Awaitable[None]]


@dataclass(frozen=True)
class Card:
    """As it was shown last."""

    state: JobState
    reason: EndReason | None
    detail: str
    has_thread: bool


@dataclass(frozen=True)
class Effects:
    """What people and AWS see in the end, however often the bot was cut."""

    submissions: list[object]
    live: list[str]
    terminated: set[str]
    channel: list[tuple[PostKind, str, int]]
    """Kind, text and number of files of each message, in order."""
    thread: list[tuple[PostKind, str, int]]
    """The same without the log's blocks, which are cut where time cuts them."""
    lines: list[str]
    """Of those blocks, in order."""
    card: Card | None
    archived: dict[str, bytes]


def effects(world: World) -> Effects:
    posts = [message.post.new for message in world.chat.messages]
    said = [(post.lane, (post.kind, post.text, len(post.files))) for post in posts if post.kind is not PostKind.LOG]
    last = world.chat.edits[-1] if world.chat.edits else None
    blocks = [post.text.strip("`").strip("\n") for post in posts if post.kind is PostKind.LOG]
    return Effects(
        submissions=list(world.batch.submissions),
        live=[batch_id for batch_id, job in world.batch.jobs.items() if not job.state.terminal],
        terminated=set(world.batch.terminated),
        channel=[what for lane, what in said if lane is Lane.CHANNEL],
        thread=[what for lane, what in said if lane is Lane.THREAD],
        lines="\n".join(blocks).split("\n"),
        card=Card(last.state, last.reason, last.detail, last.thread_id is not None) if last else None,
        archived={uri: content for uri, content in world.artifacts.objects.items() if uri.endswith("log.txt")},
    )


async def played(story: Story, **how: Any) -> tuple[Effects, Play]:
    """The story from its beginning until nothing is left to do, also after one more restart. `how` is `Play`'s."""
    world = World()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        async with Play(world, Path(folder), **how).playing() as play:
            await story(play)
            await play.restart()
            await play.settle()
            assert not await play.bot.store.open_jobs(), "something is left to do"
            assert not await play.bot.store.pending_posts(), "something is left to say"
    return effects(world), play


def _metrics(epoch: int, accuracy: float) -> str:
    return f'@metrics {{"epoch": {epoch}, "epochs": 2, "val_accuracy": {accuracy}}}'


async def _submitted(play: Play) -> str:
    job_id = await play.train()
    await play.until(lambda: BATCH_ID in play.world.batch.jobs)
    return job_id


async def success(play: Play) -> None:
    """Train, log, metrics, a reclaim and a second attempt, lines that come late, the plot, the end, the archive."""
    world = play.world
    job_id = await _submitted(play)
    world.move(BATCH_ID, JobState.RUNNABLE)
    await play.turn(30)
    first = world.run(BATCH_ID)
    world.said("loading", _metrics(1, 71.5), stream=first)
    await play.turn(5)
    world.said("one", "two", stream=first)
    world.said("late by 8 s", stream=first, readable_in=8)
    await play.turn(5)
    world.end(BATCH_ID, JobState.RUNNABLE, None, "Host EC2 (instance i-1) terminated.")
    await play.turn(5)
    second = world.run(BATCH_ID)
    world.said("again", _metrics(1, 71.5), stream=second)
    await play.turn(5)
    world.said(_metrics(2, 96.7), "done", stream=second)
    world.artifacts.objects[f"s3://bucket/jobs/{job_id}/metrics.csv"] = CSV
    await play.turn(5)
    world.said("the last words", stream=second, readable_in=5)
    world.end(BATCH_ID, JobState.SUCCEEDED, 0)
    await play.turn(1)
    await play.settle()


async def failure(play: Play) -> None:
    """A command that raises."""
    await _submitted(play)
    stream = play.world.run(BATCH_ID)
    play.world.said("epoch 1/2", "Traceback (most recent call last):", "ValueError: shapes", stream=stream)
    await play.turn(25)
    play.world.end(BATCH_ID, JobState.FAILED, 1, "Essential container in task exited")
    await play.settle()


async def stopped(play: Play) -> None:
    """Stopped by a click in the middle of its run."""
    job_id = await _submitted(play)
    play.world.said("epoch 1/2", stream=play.world.run(BATCH_ID))
    await play.turn(25)
    await play.click_stop(job_id)
    await play.settle()


async def stopped_early(play: Play) -> None:
    """Stopped before it was submitted."""
    await play.click_stop(await play.train())
    await play.settle()


async def refused(play: Play) -> None:
    """Batch takes no such job."""
    play.world.batch.fail("submit", Refused("job definition mnist does not exist"), times=9)
    await play.train()
    await play.settle()


async def doubled(play: Play) -> None:
    """A submission whose answer was lost, and which AWS has carried out twice."""
    play.world.batch.twice = True
    play.faults.append(Fault("Batch.submit", Unavailable("the connection was reset"), after=True))
    job_id = await _submitted(play)
    await play.turn(60)
    await play.click_stop(job_id)
    await play.settle()


async def clicked_upon(play: Play) -> None:
    """A run that goes on for as long as nobody stops it."""
    world = play.world
    await play.train()
    for _ in range(4):
        await play.turn(10)
    if _lives(world):
        world.said("epoch 1/2", stream=world.run(BATCH_ID))
    await play.turn(10)
    if _lives(world):
        world.end(BATCH_ID, JobState.SUCCEEDED, 0)
    await play.settle()


def _lives(world: World) -> bool:
    return BATCH_ID in world.batch.jobs and not world.batch.jobs[BATCH_ID].state.terminal


STORIES: tuple[Story, ...] = (success, failure, stopped, stopped_early, refused, doubled)
