"""False alarms of the guard over real training logs, and how soon it finds what went wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bench.guard.lives import KINDS, LASTS, Life, lives
from bench.guard.record import EPOCH_SECONDS, Recording, record, trainings
from bench.guard.replay import Alarm, replay, stretched
from bench.report.figures import Benchmark, Figure, Result, percentile
from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.signs import Condition
from bot.domain.project import Project

SEED = 14
FACTOR = 10.0
"""`diverged_factor`, which is off by default, for the lives that diverge."""
EPOCHS = (10.0, 60.0, 600.0)
"""In seconds: each log is replayed as if its epochs had taken that long."""


async def run(*, small: bool) -> Result:
    recordings = await asyncio.to_thread(record, trainings(small=small))
    failed = [each.training.name for each in recordings if each.exit_code != 0]
    false = [alarm for each in recordings for alarm in _alarms(each)]
    known = list(lives(5 if small else 100, SEED))
    found = [(life, _found(life)) for life in known]
    late = {kind: [at - life.since for life, at in found if life.wrong is kind and at is not None] for kind in KINDS}
    figures = [
        Figure("training logs replayed", len(recordings) - len(failed), "logs", at_least=len(recordings)),
        Figure("their lines", sum(len(each.lines) for each in recordings), "lines"),
        Figure("false alarms over them", len(false), "alarms", at_most=0),
        Figure("good lives with an alarm", _good_alarms(known), "lives", at_most=0),
        *(_caught(kind, [at for life, at in found if life.wrong is kind]) for kind in KINDS),
        *(Figure(f"{kind}: found after, p95", percentile(late[kind], 95) / 60, "min") for kind in KINDS if late[kind]),
    ]
    lengths = ", ".join(f"{seconds:.0f}" for seconds in EPOCHS)
    return Result(
        figures,
        (
            f"Default limits. Each log as if its epochs took {lengths} s: every program of bench/programs, and the",
            f"demo with learning rates from good to bad. Lives: seed {SEED}, rows every 0.1 s to 5 min, AMP's skipped",
            f"first steps in all of them. Diverged is above {FACTOR:g} times the best, which is off by default.",
            *(f"did not run: {name}" for name in failed),
        ),
    )


def _alarms(recording: Recording) -> list[Alarm]:
    project = recording.training.project
    logs = [stretched(recording.lines, seconds / EPOCH_SECONDS) for seconds in EPOCHS]
    return [alarm for lines in logs for alarm in replay(lines, lines[-1][0], project, GuardLimits())]


def _found(life: Life) -> float | None:
    """When its condition was found; None if it was not, or something else was before."""
    if life.wrong is None:
        return None
    alarms = replay(life.lines, LASTS, _project(), _limits(life.wrong))
    return next((alarm.at for alarm in alarms if alarm.condition is life.wrong and alarm.at >= life.since), None)


def _good_alarms(known: Sequence[Life]) -> int:
    good = [life for life in known if life.wrong is None]
    return sum(bool(replay(life.lines, LASTS, _project(), _limits(Condition.LOSS_DIVERGED))) for life in good)


def _caught(kind: Condition, found: Sequence[float | None]) -> Figure:
    caught = sum(at is not None for at in found)
    return Figure(f"{kind}: lives caught", caught, "lives", at_least=len(found))


def _limits(kind: Condition) -> GuardLimits:
    return replace(GuardLimits(), diverged_factor=FACTOR) if kind is Condition.LOSS_DIVERGED else GuardLimits()


def _project() -> Project:
    return Project("g", "", ("main",), ("t",), queue="", job_definition="", log_group="", output_uri="s3://b/jobs")


BENCHMARK = Benchmark("guard", "the guard over good and bad trainings", run)
