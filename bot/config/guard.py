"""`[guard]`, and what a project sets for itself in `[projects.<name>.guard]`."""

from typing import Annotated

from pydantic import Field, StrictBool

from bot.config.section import Section
from bot.domain.guard.limits import GuardLimits

Minutes = Annotated[float, Field(ge=0, le=20_160)]
"""0 turns the condition off."""
Grace = Annotated[float, Field(ge=0.1, le=1_440)]
Rows = Annotated[int, Field(ge=0, le=10_000)]
Factor = Annotated[float, Field(ge=0, le=1_000_000)]


class GuardSettings(Section):
    """[guard] When the guard warns, and how long it waits for an answer."""

    silent_minutes: Minutes = 30
    nan_rows: Rows = 3
    diverged_factor: Factor = 0
    gpu_idle_minutes: Minutes = 30
    waiting_minutes: Minutes = 1_440
    starting_minutes: Minutes = 30
    overtime_minutes: Minutes = 10
    grace_minutes: Grace = 30
    idle_machine_minutes: Minutes = 30
    idle_machine_mentions: StrictBool = False


class ProjectGuard(Section):
    """[projects.<name>.guard] What is not set here is as in [guard]."""

    silent_minutes: Minutes | None = None
    nan_rows: Rows | None = None
    diverged_factor: Factor | None = None
    gpu_idle_minutes: Minutes | None = None
    waiting_minutes: Minutes | None = None
    starting_minutes: Minutes | None = None
    overtime_minutes: Minutes | None = None
    grace_minutes: Grace | None = None


def guard_limits(for_all: GuardSettings, own: ProjectGuard) -> GuardLimits:
    """The limits of one project."""
    settings = for_all.model_copy(update=own.model_dump(exclude_none=True))
    return GuardLimits(
        silent_seconds=settings.silent_minutes * 60,
        nan_rows=settings.nan_rows,
        diverged_factor=settings.diverged_factor,
        gpu_idle_seconds=settings.gpu_idle_minutes * 60,
        waiting_seconds=settings.waiting_minutes * 60,
        starting_seconds=settings.starting_minutes * 60,
        overtime_seconds=settings.overtime_minutes * 60,
        grace_seconds=settings.grace_minutes * 60,
    )
