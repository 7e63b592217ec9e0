"""A report on costs as CSV: a row for each job and sweep."""

import csv
import datetime as dt
import io
from collections.abc import Iterable

from bot.domain.money.calendar import Calendar
from bot.domain.money.quote import HOUR
from bot.domain.spending.charge import Charge

BEGIN = "\ufeff"
"""With this mark, Excel reads UTF-8: "Opening UTF-8 CSV files in Excel",
https://support.microsoft.com/en-us/office/opening-csv-utf-8-files-correctly-in-excel-8a935af5-3416-4edd-ba7e-3dfd2bc4a032
"""
COLUMNS = (
    "id",
    "kind",
    "project",
    "person",
    "person_id",
    "counted_on",
    "asked_at",
    "started_at",
    "ended_at",
    "outcome",
    "runs",
    "machine",
    "terms",
    "machine_hours",
    "estimated_usd",
    "may_still_cost_usd",
    "lost_with_machines_usd",
    "saved_by_spot_usd",
    "saved_by_stopping_early_usd",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, "also full-width variants", if a cell begins with it:
https://owasp.org/www-community/attacks/CSV_Injection"""


def head() -> bytes:
    return BEGIN.encode() + _lines([COLUMNS])


def lines(charges: Iterable[Charge], calendar: Calendar) -> bytes:
    """Times are of the calendar's zone. An unknown sum is empty."""
    return _lines(_row(charge, calendar) for charge in charges)


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _row(charge: Charge, calendar: Calendar) -> tuple[object, ...]:
    return (
        charge.id,
        charge.kind,
        charge.project,
        charge.asker_name,
        f"id {charge.asker_id}",  # as a number, a spreadsheet would round it
        calendar.date(charge.counted_at),
        *(_time(at, calendar) for at in (charge.created_at, charge.started_at, charge.ended_at)),
        charge.outcome,
        charge.runs,
        charge.machine,
        charge.terms,
        f"{charge.seconds / HOUR:.4f}",
        *(
            "" if usd is None else f"{usd:.4f}"
            for usd in (
                charge.spent_usd,
                charge.reserved_usd,
                charge.lost_usd,
                charge.spot_saved_usd,
                charge.early_saved_usd,
            )
        ),
    )


def _time(at: float | None, calendar: Calendar) -> str:
    if at is None:
        return ""
    return dt.datetime.fromtimestamp(at, calendar.zone).isoformat(sep=" ", timespec="seconds")


def _cell(value: object) -> str:
    """With an apostrophe before what a spreadsheet would compute."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
