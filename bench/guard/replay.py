"""Replay a log through the guard, pass by pass, on a clock of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.losses import Losses
from bot.domain.guard.signs import Condition, Signs, Stage, wrong
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.project import Project
from bot.ports.artifacts import Artifact
from bot.services.guard.build_guard import WATCH_SECONDS
from bot.services.guard.following import Followed
from bot.services.running.life_signs import LifeSigns
from trainer.contract import OWN_LINE

STREAM = "s"
TIMEOUT = 7_200.0
"""Of an attempt, by default."""


@dataclass(frozen=True, slots=True)
class Alarm:
    condition: Condition
    at: float
    """In seconds since the log began."""


def replay(
    lines: Sequence[tuple[float, str]],
    until: float,
    project: Project,
    limits: GuardLimits,
    writes: Sequence[float] = (),
) -> list[Alarm]:
    """The first alarm of each condition. At each of `writes` it stores a file."""
    signs, followed, losses = LifeSigns(), Followed(), Losses()
    found: dict[Condition, Alarm] = {}
    rest = list(reversed(lines))
    for number in range(int(until // WATCH_SECONDS) + 1):
        now = number * WATCH_SECONDS
        new = []
        while rest and rest[-1][0] <= now:
            new.append(_event(*rest.pop()))
        signs.note(new)
        signs.read([STREAM])
        losses = _with_rows(losses, new, project, limits)
        followed.staged("running:0", now)
        followed.listened(stream := signs.of(STREAM), now)
        if followed.to_list(limits.silent_seconds):
            followed.listed(_files(writes, now), limits.silent_seconds, warned=bool(found))
        counted = followed.counters
        gpu = stream.gpu if stream is not None else None
        seen = Signs(Stage.RUNNING, counted.stage_seconds, counted.quiet_seconds, TIMEOUT, losses, gpu)
        for each in wrong(seen, limits):
            found.setdefault(each.condition, Alarm(each.condition, now))
    return list(found.values())


def stretched(
    lines: Sequence[tuple[float, str]], writes: Sequence[float], factor: float
) -> tuple[list[tuple[float, str]], list[float]]:
    """The same run as if its training had been that much slower, within the time limit. Python's start and end, and the
    entrypoint's own work before and after the command, stay as they are."""
    own = [at for at, line in lines if not line.startswith(OWN_LINE)]
    begin, end = (own[0], own[-1]) if own else (0.0, 0.0)
    factor = min(factor, 0.9 * TIMEOUT / max(end - begin, 1e-9))

    def later(at: float) -> float:
        return at + max(0.0, min(at, end) - begin) * (factor - 1)

    return [(later(at), line) for at, line in lines], list(map(later, writes))


def _files(writes: Sequence[float], now: float) -> list[Artifact]:
    return [Artifact(str(number), "", 1, at) for number, at in enumerate(writes) if at <= now]


def _event(at: float, line: str) -> LogEvent:
    return LogEvent("", STREAM, 1 + round(at * 1_000), line)


def _with_rows(losses: Losses, events: Iterable[LogEvent], project: Project, limits: GuardLimits) -> Losses:
    for event in events:
        if (report := parse_line(event.message, project.columns)) is not None:
            factor = limits.diverged_factor
            losses = losses.after(report.values, event.timestamp, STREAM, project.metric, factor)
    return losses
