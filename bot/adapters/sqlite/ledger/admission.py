"""Whether what the transaction under way starts fits under the caps. If not, the transaction is taken back.

Asked after the rows are written and before they are committed: no path of the code starts anything without it, and two
requests at once are two transactions, of which the second finds the sums of the first.
"""

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.ledger import ledger_rows, pause_rows
from bot.domain.model.rows import Posted, Row, Submitted
from bot.domain.money.caps import Asked, Cap, Caps, Pool, Sums, excess
from bot.domain.money.hold import HoldKind
from bot.domain.spending.ledger import places
from bot.domain.texts.cap_refusals import paused_text, refusal
from bot.errors import CapReached, Paused

RECHECKED = (HoldKind.APPROVAL, HoldKind.FAILURES)
"""Holds that people lift. The others lift themselves; what they hold is reserved since it was asked for."""


def check(connection: Connection, caps: Caps, at: float, *, submits: bool) -> None:
    """Raise `CapReached` or `Paused` if the transaction starts something that must not start. With `submits`, each row
    that it has changed is about to be handed to the engine."""
    for before, after in connection.written.rows:
        if not (_starts(before, after) or (submits and before != after)):
            continue
        if (pause := pause_rows.current(connection)) is not None and pause.paused:
            raise Paused(paused_text(pause))
        if isinstance(after, Posted):
            _check_caps(connection, caps, after, at)


def _starts(before: Row | None, after: Row) -> bool:
    """A new job, sweep or submission that was not found again, or a hold that is lifted."""
    if not after.execution.live or after.execution.stop is not None:
        return False
    if before is None:
        found = after.publication.recovered_at if isinstance(after, Posted) else after.recovered_at
        return found is None
    hold = before.execution.hold
    lifted = hold is not None and hold.kind in RECHECKED and after.execution.hold is None
    return lifted and not (isinstance(after, Submitted) and after.execution.engine_id)


def _check_caps(connection: Connection, caps: Caps, row: Posted, at: float) -> None:
    asked = Asked(row.run.quote, places(row))
    for cap in caps.of(row.run.project):
        whose = row.run.project, row.request.asker_id
        found = excess(cap, asked, counted(connection, caps, cap, *whose, at, without=row.id))
        if found is not None:
            raise CapReached(refusal(found, row, caps.calendar, at))


def counted(
    connection: Connection, caps: Caps, cap: Cap, project: str, asker_id: int, at: float, *, without: str = ""
) -> Sums:
    """What counts against this cap of the project and the person; `without` is the id of one that does not."""
    terms, values = ["id <> ?"], list[str | float]([without])
    if cap.pool is Pool.JOB:
        return Sums()
    if cap.pool in (Pool.PERSON_DAY, Pool.PERSON_LIVE):
        terms.append("asker_id = ?")
        values.append(asker_id)
    if cap.own or cap.pool in (Pool.PROJECT_MONTH, Pool.PROJECT_LIVE):
        terms.append("project = ?")
        values.append(project)
    elif others := caps.elsewhere(cap.pool):
        terms.append(f"project NOT IN ({', '.join('?' * len(others))})")
        values += others
    if cap.pool.period is None:
        terms.append("live")
    else:
        terms.append("counted_at >= ?")  # without an end: a clock that was set back frees nothing
        values.append(caps.calendar.start(cap.pool.period, at))
    return ledger_rows.sums(connection, " AND ".join(terms), tuple(values))
