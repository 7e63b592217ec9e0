"""What becomes of one command: what its job does on the machines, and what people do about it. All of it is drawn."""

import random
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.guard.signs import Condition


class Wrong(StrEnum):
    """What goes wrong with a run, if anything does."""

    NOTHING = "nothing"
    QUIET = "quiet"
    """Nothing either: it prints nothing for long, and stores files."""
    CRASH = "crash"
    SILENT = "silent"
    NOT_FINITE = "not finite"
    DIVERGED = "diverged"
    GPU_IDLE = "gpu idle"
    LONG = "long"
    """It takes longer than its time limit, and the engine ends it."""
    OVERTIME = "overtime"
    """The same, and the engine does not end it."""
    NO_MACHINE = "no machine"
    NOT_STARTING = "not starting"
    VANISHED = "vanished"
    """Its host is gone, and the engine finds out minutes later."""


WEIGHTS = {
    Wrong.NOTHING: 28,
    Wrong.QUIET: 6,
    Wrong.CRASH: 8,
    Wrong.SILENT: 10,
    Wrong.NOT_FINITE: 7,
    Wrong.DIVERGED: 6,
    Wrong.GPU_IDLE: 7,
    Wrong.LONG: 6,
    Wrong.OVERTIME: 6,
    Wrong.NO_MACHINE: 5,
    Wrong.NOT_STARTING: 6,
    Wrong.VANISHED: 5,
}
GUARDED = {
    Wrong.SILENT: Condition.SILENT,
    Wrong.NOT_FINITE: Condition.LOSS_NOT_FINITE,
    Wrong.DIVERGED: Condition.LOSS_DIVERGED,
    Wrong.GPU_IDLE: Condition.GPU_IDLE,
    Wrong.NO_MACHINE: Condition.NO_MACHINE,
    Wrong.NOT_STARTING: Condition.NOT_STARTING,
}
"""What the guard is to warn of."""


MOST_PATIENCE = 8 * 3_600.0
"""Whoever says to leave what waits for a machine gives it up after this long."""


class Answer(StrEnum):
    """What the asker says to a warning."""

    NOTHING = "nothing"
    STOP = "stop"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Fate:
    """Durations in seconds; `since` and `lasts` count from the start of an attempt."""

    wrong: Wrong
    since: float
    lasts: float
    pace: float
    """Between two rows of metrics."""
    waits: float
    """For a machine, each time."""
    starts: float
    """From the machine to the container."""
    reclaims: tuple[float, ...]
    """When the first attempts lose their machines."""
    late: float
    """How long a line takes until it can be read."""
    gpu: bool


@dataclass(frozen=True, slots=True)
class Life:
    """One command. `asked_at` is in seconds since the world began."""

    number: int
    asker: int
    asked_at: float
    fate: Fate
    answer: Answer
    answers_after: float
    patience: float
    """When its asker stops it, counted from the command."""
    approves_after: float | None
    """When a second person approves it, if one is asked; None if nobody does."""
    declines: bool


def drawn_life(number: int, drawn: random.Random, *, timeout: float, askers: int, span: float) -> Life:
    """`timeout` is the time limit of an attempt; the commands of a world come within `span` seconds."""
    return Life(
        number,
        drawn.randrange(askers),
        drawn.uniform(0, span),
        _fate(drawn, timeout),
        drawn.choices(list(Answer), [8, 1, 1])[0],
        drawn.uniform(30, 600),
        drawn.uniform(0, timeout) if drawn.random() < 0.12 else MOST_PATIENCE,
        drawn.uniform(60, 4_000) if drawn.random() < 0.7 else None,
        drawn.random() < 0.2,
    )


def _fate(drawn: random.Random, timeout: float) -> Fate:
    wrong = drawn.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    too_long = wrong in (Wrong.LONG, Wrong.OVERTIME)
    return Fate(
        wrong,
        since=drawn.uniform(200, timeout / 3),
        lasts=timeout * 30 if too_long else drawn.uniform(120, timeout * 0.9),
        pace=drawn.choice((45.0, 90.0, 150.0)),
        waits=drawn.choice((20.0, 120.0, 600.0)),
        starts=drawn.uniform(10, 200),
        reclaims=tuple(drawn.uniform(60, timeout / 2) for _ in range(drawn.choice((0, 0, 0, 1, 2, 3)))),
        late=drawn.choice((1.0, 5.0, 45.0)),
        gpu=wrong is Wrong.GPU_IDLE or (wrong is not Wrong.SILENT and drawn.random() < 0.3),
    )
