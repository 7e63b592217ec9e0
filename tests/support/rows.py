"""Jobs, sweeps and submissions from flat fields, so that a test names only what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.plan import Plan
from bot.domain.model.progress import Progress
from bot.domain.model.request import Request
from bot.domain.model.rows import Row
from bot.domain.model.run import Run
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep

AnyRow = TypeVar("AnyRow", bound=Row)

_RESULT = {"committed_at": "committed_at", "end_in": "channel_id", "refused_in": "refused_in"}
_RESULT |= {"undeliverable": "undeliverable"}
_STOP = ("stop_by", "stop_at")


def job(**flat: Any) -> Job:
    """A job; `stop_by`, `stop_at` and the result's `end_in` are flat, too."""
    request, run = Request(**_taken(flat, Request)), Run(**_taken(flat, Run))
    return changed(Job(flat.pop("id"), request, run), **flat)


def sweep(plan: Plan, **flat: Any) -> Sweep:
    """The same for a sweep; `tally` and the board's fields are flat."""
    request, run = Request(**_taken(flat, Request)), Run(**_taken(flat, Run))
    return changed(Sweep(flat.pop("id"), request, run, plan), **flat)


def submission(of: Sweep, number: int, numbers: str, size: int, **flat: Any) -> Submission:
    """One SubmitJob call of a sweep."""
    made = Submission(f"{of.id}-{number}", of.id, number, numbers, size, of.run, of.request.created_at)
    return changed(made, **flat)


def changed(row: AnyRow, **flat: Any) -> AnyRow:
    """`dataclasses.replace`, wherever in the row the field is."""
    if isinstance(row, Job | Sweep):
        result = row.publication.result
        named = {_RESULT[name]: flat.pop(name) for name in list(flat) if name in _RESULT}
        publication = replace(row.publication, result=replace(result, **named))
        row = replace(row, publication=_replaced(publication, flat), request=_replaced(row.request, flat))
    kind = Lifecycle if isinstance(row, Sweep) else Execution
    if set(_STOP) & set(flat):
        flat["stop"] = _stop(row.execution.stop, **{name: flat.pop(name) for name in _STOP if name in flat})
    parts: dict[str, Any] = {"execution": _replaced(row.execution, flat), "run": _replaced(row.run, flat)}
    assert isinstance(parts["execution"], kind)
    if isinstance(row, Job):
        values = flat.pop("progress", row.progress)
        parts["progress"] = replace(values, **_taken(flat, Progress))
    if isinstance(row, Sweep):
        parts["board"] = _replaced(row.board, flat)
    return replace(row, **{**parts, **flat})


def _stop(stop: Stop | None, **given: Any) -> Stop | None:
    by = given.get("stop_by", stop.by if stop else "")
    at = given.get("stop_at", stop.at if stop else 0.0 if by else None)
    return None if at is None else Stop(by or "", at)


def _replaced(value: Any, flat: dict[str, Any]) -> Any:
    return replace(value, **_taken(flat, type(value)))


def _taken(flat: dict[str, Any], kind: type[Any]) -> Mapping[str, Any]:
    """The fields of this kind, taken out of `flat`."""
    return {name: flat.pop(name) for name in kind.__dataclass_fields__ if name in flat}
