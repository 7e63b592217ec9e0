"""What a commit shows of effects: those that an interaction asked for, and those of the bot's own accord.

Derived from what the commit changed, like the wake-ups, so that no path of the code can leave them out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.audit.entry import Actor, Does, Effect, Entry, own
from bot.domain.model.execution import Stop
from bot.domain.model.rows import Posted, Row, Submitted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.hold import HoldKind

Rows = Sequence[tuple[Row | None, Row]]
"""Each row before and after a commit; None before for a new one."""


@dataclass(frozen=True, slots=True)
class EndsEarly:
    """A trial that is to end early: because somebody asked for it, or because it cannot win."""

    effect: Effect
    by_bot: bool
    why: str


def trials_of(sweep: Sweep | None, trials: Iterable[Trial]) -> list[EndsEarly]:
    """Those of the written trials that are to end early and have not ended."""
    if sweep is None:
        return []
    return [
        EndsEarly(
            Effect(
                Does.PRUNE if trial.stop_by is None else Does.STOP,
                f"{sweep.id}.{trial.number}",
                sweep.run.project,
                trial.engine_id or "",
            ),
            trial.stop_by is None or bool(trial.stop_why),
            trial.stop_why or trial.detail,
        )
        for trial in trials
        if (trial.stop_by is not None or trial.pruned_at is not None) and not trial.ended
    ]


def asked_effect(rows: Rows, trials: Sequence[EndsEarly]) -> Effect | None:
    """What an interaction's commit sets going; None if it only writes something down."""
    for before, after in rows:
        if before is None and isinstance(after, Posted):
            return Effect(Does.START, after.id, after.run.project)
        if before is not None and (does := _decided(before, after)):
            return Effect(does, after.id, after.run.project)
        if _newly_stopped(before, after) is not None:
            return Effect(Does.STOP, after.id, after.run.project, _engine_id(after))
    return next((each.effect for each in trials if not each.by_bot), None)


def own_entries(rows: Rows, trials: Sequence[EndsEarly], *, asked: bool) -> Iterator[Entry]:
    """What the bot does by itself. With `asked`, an interaction's own entry says what was started."""
    for before, after in rows:
        if before is None and isinstance(after, Posted) and _engine_id(after) == "" and not asked:
            yield _start(after)
        if isinstance(after, Submitted):
            yield from _engine_entries(before, after)
        if before is not None and not asked and (does := _decided(before, after)):
            since = _held_since(before) or _held_since(after)
            why = after.execution.hold.detail if after.execution.hold is not None else after.execution.detail
            yield own(does, after.id, after.run.project, detail=since, why=why)
        stop = _newly_stopped(before, after) if isinstance(after, Posted) else None
        if stop is not None and stop.why:
            yield own(Does.STOP, after.id, after.run.project, _engine_id(after), detail="guard", why=stop.why)
        if after.execution.reason is EndReason.TIMED_OUT and (before is None or before.execution.live):
            yield own(Does.TIME_LIMIT, after.id, after.run.project, _engine_id(after))
    for trial in trials:
        if trial.by_bot:
            effect = trial.effect
            yield own(effect.does, effect.job, effect.project, effect.engine_id, detail="trial", why=trial.why)


def _decided(before: Row, after: Row) -> Does | None:
    """Whether it was approved, or ended without; whether it was held for its failures, or goes on after that."""
    if after.execution.live and after.execution.stop is None and _held_since(before) != _held_since(after):
        return Does.HOLD if _held_since(after) else Does.CONTINUE
    if after.execution.approval is not None and before.execution.approval is None:
        return Does.APPROVE
    without = after.execution.reason in (EndReason.NOT_APPROVED, EndReason.NOT_STARTED_IN_TIME, EndReason.OVER_CAP)
    return Does.DECLINE if without and before.execution.live else None


def _held_since(row: Row) -> str:
    """Empty unless it is held for its failures."""
    hold = row.execution.hold
    return f"{hold.since:.6f}" if hold is not None and hold.kind is HoldKind.FAILURES else ""


def _newly_stopped(before: Row | None, after: Row) -> Stop | None:
    return after.execution.stop if before is None or before.execution.stop is None else None


def _start(row: Posted) -> Entry:
    """Something that starts without an interaction under way, or was found again. Its request says who asked."""
    does = Does.START if row.publication.recovered_at is None else Does.ADOPT
    if does is Does.START and row.run.remedied is not None and row.run.remedied.by_bot:
        return own(does, row.id, row.run.project, why=f"retry of {row.run.remedied.of}: {row.run.remedied.kind}")
    asker = Actor(row.request.asker_id, row.request.asker_name)
    return Entry(f"{does}:{row.id}", "", asker, effect=Effect(does, row.id, row.run.project))


def _engine_entries(before: Row | None, after: Submitted) -> Iterator[Entry]:
    new, project = after.execution, after.run.project
    old = before.execution if isinstance(before, Submitted) else None
    called = new.submit_called_at
    if called is not None and called != (old.submit_called_at if old is not None else None):
        yield own(Does.SUBMIT, after.id, project, detail=f"{called:.6f}")
    if new.engine_id is None or (old is not None and new.engine_id == old.engine_id):
        return
    does = Does.ADOPT if old is None else Does.SUBMITTED if old.engine_id is None else Does.FOLLOW
    yield own(does, after.id, project, new.engine_id)


def _engine_id(row: Row) -> str:
    """Empty before it is submitted. A sweep has none: its submissions have."""
    return (row.execution.engine_id or "") if isinstance(row, Submitted) else ""
