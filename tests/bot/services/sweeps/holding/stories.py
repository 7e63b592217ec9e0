"""Sweeps whose trials fail alike, step by step."""

from pathlib import Path

from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.ports.store import Store
from tests.support.services import Bot, Outside
from tests.support.sweeps import end_child, run_child, settle

EIGHT = "lr=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8"
SIX = "lr=0.1,0.2,0.3,0.4,0.5,0.6"
BUG = "RuntimeError: shapes (3, 4) and (5,) do not fit"
NEWER = "c" * 40


async def fail(bot: Bot, *engine_ids: str, line: str = BUG, code: int = 1) -> None:
    """Each starts, prints this line, and ends. An empty line says nothing about why."""
    for engine_id in engine_ids:
        run_child(bot.outside, engine_id)
        bot.outside.logs.write(f"stream/{engine_id}", line or "epoch 1", at=bot.outside.clock())
        end_child(bot.outside, engine_id, code)
    await settle(bot, 4)


async def held(bot: Bot, text: str = EIGHT, **options: object) -> Sweep:
    """An array of which two trials have failed alike, and one runs."""
    sweep = (await bot.sweep(text, **options)).sweep
    await settle(bot, 2)
    run_child(bot.outside, "batch-1:2")
    await settle(bot, 2)
    await fail(bot, "batch-1:0", "batch-1:1")
    return await bot.swept(sweep.id)


def finish_taking_back(outside: Outside) -> None:
    """The engine ends what it was asked to end."""
    for engine_id in outside.engine.terminated:
        job = outside.engine.jobs[engine_id]
        if not job.state.terminal and not job.children:
            outside.engine.move(engine_id, JobState.FAILED, *job.attempts, reason="Taken back")


def restarted(outside: Outside, store: Store, folder: Path) -> Bot:
    """A new life of the bot after a kill."""
    outside.clock.tick(1_000)
    return Bot(outside, store, folder)
