"""Steps of a sweep's story, for tests of the services."""

import csv
import io

from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.posts import PostKind
from tests.support.services import Bot, Outside

GRID = "lr=0.1,0.01 m=0.5,0.1"
LARGE = "lr=0.1,0.2,0.3,0.4 m=0.1,0.2,0.3"
BEST = (96.5, 94.4, 81.3, 59.7)


def metrics(value: float) -> bytes:
    return f"epoch,val_accuracy\n1,{value - 1}\n2,{value}\n3,{value - 0.5}\n".encode()


def run_child(outside: Outside, engine_id: str) -> None:
    outside.engine.move(engine_id, JobState.RUNNING, Attempt(f"stream/{engine_id}", outside.clock()))
    outside.logs.streams.setdefault(f"stream/{engine_id}", [])


def end_child(outside: Outside, engine_id: str, code: int = 0) -> None:
    """Started a minute ago."""
    state = JobState.SUCCEEDED if code == 0 else JobState.FAILED
    attempt = Attempt(f"stream/{engine_id}", outside.clock() - 60, outside.clock(), code)
    outside.engine.move(engine_id, state, attempt, reason="Essential container in task exited" if code else "")


def leave(outside: Outside, sweep_id: str, number: int, value: float) -> None:
    outside.artifacts.objects[f"s3://bucket/jobs/{sweep_id}/{number}/metrics.csv"] = metrics(value)


async def settle(bot: Bot, turns: int = 8) -> None:
    for _ in range(turns):
        await bot.turn()
        bot.outside.clock.tick(15)


async def finished(bot: Bot, values: tuple[float | None, ...] = BEST, text: str = GRID) -> Sweep:
    """A grid whose trials have ended with these values; None failed."""
    proposal = await bot.sweep(text)
    await bot.turn()
    for number, value in enumerate(values):
        if value is not None:
            leave(bot.outside, proposal.sweep.id, number, value)
        end_child(bot.outside, f"batch-1:{number}", 0 if value is not None else 1)
    await settle(bot)
    return await bot.swept(proposal.sweep.id)


def table(bot: Bot) -> list[dict[str, str]]:
    end = next(m for m in bot.outside.chat.messages if m.post.new.kind is PostKind.END)
    (file,) = [file for file in end.post.new.files if file.name.endswith(".csv")]
    return list(csv.DictReader(io.StringIO(file.content.decode())))
