"""Replay a log through the guard, pass by pass, on a clock of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.losses import Losses
from bot.domain.guard.signs import Condition, Signs, Stage, wrong
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.project import Project
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


def replay(lines: Sequence[tuple[float, str]], until: float, project: Project, limits: GuardLimits) -> list[Alarm]:
    """The first alarm of each condition. The run writes no file, which makes silence more likely."""
    signs, followed, losses = LifeSigns(), Followed(), Losses()
    found: dict[Condition, Alarm] = {}
    rest = list(reversed(lines))
    for number in range(int(until // WATCH_SECONDS) + 1):
        now = number * WATCH_SECONDS
        new = []
        while rest and rest[-1][0] <= now:
            new.append(_event(*rest.pop()))
        signs.heard(new)
        signs.read([STREAM])
        losses = _with_rows(losses, new, project, limits)
        followed.staged("running:0", now)
        followed.listened(heard := signs.of(STREAM), now)
        counted = followed.counters
        gpu = heard.gpu if heard is not None else None
        seen = Signs(Stage.RUNNING, counted.stage_seconds, counted.quiet_seconds, TIMEOUT, losses, gpu)
        for each in wrong(seen, limits):
            found.setdefault(each.condition, Alarm(each.condition, now))
    return list(found.values())


def stretched(lines: Sequence[tuple[float, str]], factor: float) -> list[tuple[float, str]]:
    """The same log as if the training had been that much slower. The set-up and Python's own start stay as they are."""
    begin = next((at for at, line in lines if not line.startswith(OWN_LINE)), 0.0)
    return [(at if at <= begin else begin + (at - begin) * factor, line) for at, line in lines]


def _event(at: float, line: str) -> LogEvent:
    return LogEvent("", STREAM, 1 + round(at * 1_000), line)


def _with_rows(losses: Losses, events: Iterable[LogEvent], project: Project, limits: GuardLimits) -> Losses:
    for event in events:
        if (report := parse_line(event.message, project.columns)) is not None:
            factor = limits.diverged_factor
            losses = losses.after(report.values, event.timestamp, STREAM, project.metric, factor)
    return losses
