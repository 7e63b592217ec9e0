"""Whole stories of jobs, told the same way whether the bot is cut in them or not, and what they leave behind."""

import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.posts import Lane, NewPost, PostKind
from bot.errors import Refused, Unavailable
from bot.ports.engine import SubmitCall
from tests.faults.world import MEMORY, Play, World
from tests.support.faults import Fault
from tests.support.projects import CSV

BATCH_ID = "batch-1"

_TOOK = re.compile(r" +\d+:\d\d:\d\d\b| (?= )")
"""How long a trial took, as time goes on while the bot is down; and what puts the trials of one message in columns."""

_NUMBER = re.compile(r" #\d+")

Story = Callable[[Play], Awaitable[None]]


@dataclass(frozen=True)
class Card:
    """As it was shown last."""

    state: JobState
    reason: EndReason | None
    detail: str
    has_thread: bool
    counts: dict[TrialState, int] = field(default_factory=dict)
    """Of a sweep: its trials by state."""
    best: list[tuple[int, float]] = field(default_factory=list)
    """Of a sweep: the leaderboard, by number and value."""
    picture: bool = False


@dataclass(frozen=True)
class Effects:
    """What people and AWS see in the end, however often the bot was cut."""

    submissions: list[object]
    live: list[str]
    terminated: set[str]
    channel: list[tuple[PostKind, str, int]]
    """Kind, text and number of files of each message, in order."""
    thread: list[tuple[PostKind, str, int]]
    """The same without the blocks of the log and of the trials' ends, which are cut where time cuts them."""
    lines: list[str]
    """Of those blocks, in order."""
    members: list[tuple[str, int]]
    """Who was added to which thread."""
    card: Card | None
    archived: dict[str, bytes]


def effects(world: World) -> Effects:
    posts = [message.post.new for message in world.chat.messages]
    said = [(post.lane, (post.kind, post.text, len(post.files))) for post in posts if not _in_blocks(post)]
    last = world.chat.edits[-1] if world.chat.edits else None
    blocks = [post.text.strip("`").strip("\n") for post in posts if _in_blocks(post)]
    return Effects(
        submissions=[_without_key(call) for call in world.engine.submissions],
        live=[engine_id for engine_id, job in world.engine.jobs.items() if not job.state.terminal],
        terminated=set(world.engine.terminated),
        channel=[what for lane, what in said if lane is Lane.CHANNEL],
        thread=[what for lane, what in said if lane is Lane.THREAD],
        lines=_lines("\n".join(blocks)),
        members=world.chat.members,
        card=_card(last) if last else None,
        archived={uri: content for uri, content in world.artifacts.objects.items() if uri.endswith("log.txt")},
    )


def _without_key(call: SubmitCall) -> SubmitCall:
    """Without the job's key, which is random."""
    return replace(call, environment={**call.environment, "JOB_KEY": ""})


def _lines(blocks: str) -> list[str]:
    """Those of a log in order; those of trials by number, as they are told when they have been measured."""
    lines = [_TOOK.sub("", line) for line in blocks.split("\n") if not line.startswith("best so far")]
    return sorted(lines) if any(line.startswith(".") for line in lines) else lines


def _in_blocks(post: NewPost) -> bool:
    return post.kind is PostKind.LOG or post.key.startswith("trials:")


def _card(job: Posted) -> Card:
    card = Card(job.execution.state, job.execution.reason, job.execution.detail, job.publication.thread_id is not None)
    if not isinstance(job, Sweep):
        return card
    tally = job.tally
    best = [(leader.number, leader.value) for leader in tally.leaders]
    return replace(card, counts=dict(tally.counts), best=best, picture=bool(job.board.picture))


async def played(story: Story, **how: Any) -> tuple[Effects, Play]:
    """The story from its beginning until nothing is left to do, also after one more restart. `how` is `Play`'s."""
    world = World()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        async with Play(world, Path(folder), **how).playing() as play:
            await story(play)
            await play.restart()
            await play.settle()
            assert not await play.bot.store.unfinished(), "something is left to do"
            assert not await play.bot.store.pending_posts(), "something is left to say"
            await play.read_audit()
    return effects(world), play


def _metrics(epoch: int, accuracy: float) -> str:
    return f'@metrics {{"epoch": {epoch}, "epochs": 2, "val_accuracy": {accuracy}}}'


async def _submitted(play: Play) -> str:
    job_id = await play.train()
    await play.until(lambda: BATCH_ID in play.world.engine.jobs)
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
    play.world.engine.fail("submit", Refused("job definition mnist does not exist"), times=9)
    await play.train()
    await play.settle()


async def doubled(play: Play) -> None:
    """A submission whose answer was lost, and which AWS has carried out twice."""
    play.world.engine.twice = True
    play.faults.append(Fault("Engine.submit", Unavailable("the connection was reset"), after=True))
    job_id = await _submitted(play)
    await play.turn(60)
    await play.click_stop(job_id)
    await play.settle()


async def swept(play: Play) -> None:
    """A sweep of three trials in one array: one is reclaimed and succeeds, one fails, one succeeds."""
    world = play.world
    sweep_id = await play.sweep("lr=0.1,0.03,0.01")
    await play.until(lambda: BATCH_ID in world.engine.jobs)
    await play.turn(25)
    streams = [world.run(f"{BATCH_ID}:{index}") for index in range(3)]
    world.said(_metrics(1, 71.5), stream=streams[0])
    await play.turn(15)
    world.end(f"{BATCH_ID}:0", JobState.RUNNABLE, None, "Host EC2 (instance i-1) terminated.")
    await play.turn(15)
    world.run(f"{BATCH_ID}:0")
    _leaves(world, sweep_id, 0)
    world.end(f"{BATCH_ID}:0", JobState.SUCCEEDED, 0)
    await play.turn(15)
    world.said("Traceback (most recent call last):", "ValueError: shapes", stream=streams[1], readable_in=3)
    world.end(f"{BATCH_ID}:1", JobState.FAILED, 1, "Essential container in task exited")
    await play.turn(15)
    _leaves(world, sweep_id, 2)
    world.end(f"{BATCH_ID}:2", JobState.SUCCEEDED, 0)
    await play.settle()


async def searched(play: Play) -> None:
    """A search whose points are asked for one after the other; somebody stops it in the third of four."""
    world = play.world
    sweep_id = await play.sweep("lr=0.001..0.1:log", search="tpe", trials=4, parallel=1)
    for number in range(2):
        engine_id = f"batch-{number + 1}"
        await play.until(partial(world.engine.jobs.__contains__, engine_id))
        await play.turn(25)
        world.run(engine_id)
        await play.turn(15)
        _leaves(world, sweep_id, number)
        world.end(engine_id, JobState.SUCCEEDED, 0)
    await play.until(lambda: "batch-3" in world.engine.jobs)
    await play.turn(25)
    world.run("batch-3")
    await play.turn(15)
    await play.click_stop(sweep_id)
    await play.settle()


def _leaves(world: World, sweep_id: str, number: int) -> None:
    world.artifacts.objects[f"s3://bucket/jobs/{sweep_id}/{number}/metrics.csv"] = CSV


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
    return BATCH_ID in world.engine.jobs and not world.engine.jobs[BATCH_ID].state.terminal


STORIES: tuple[Story, ...] = (success, failure, stopped, stopped_early, refused, doubled, swept, searched)


def named(story: Story) -> str:
    return story.__name__


def one_of_each(gates: list[str]) -> list[tuple[int, str]]:
    """The last gate of each kind, with its number. Alike are all commits of one service, and all its calls of one port.

    Most gates of a story repeat others: the same poll or the same post once more.
    """
    return sorted({_NUMBER.sub("", name): (number, name) for number, name in enumerate(gates)}.values())
