"""Requests to the sampling process and its answers: JSON in the frames of `processes/frames.py`."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bot.adapters.processes.frames import frame
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind

ASK, IMPORTANCE = "ask", "importance"


def pack_request(task: str, plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> bytes:
    head = {
        "task": task,
        "plan": {**_fields(plan, "text", "search", "trials", "folds", "seed"), "space": plan.space},
        "trials": [_row(trial) for trial in trials],
        "count": count,
        "goal": goal,
    }
    return frame(orjson.dumps(head))


def unpack_request(head: bytes) -> tuple[str, Plan, list[Trial], int, Goal]:
    fields = orjson.loads(head)
    trials = [_trial(*row) for row in fields["trials"]]
    return fields["task"], _plan(fields["plan"]), trials, fields["count"], Goal(**fields["goal"])


def pack_answer(answer: object, error: str = "") -> bytes:
    return frame(orjson.dumps({"answer": answer, "error": error}))


def unpack_answer(head: bytes) -> tuple[Any, str]:
    """The answer and the error; "" if there was none."""
    fields = orjson.loads(head)
    return fields["answer"], fields["error"]


def _fields(plan: Plan, *names: str) -> dict[str, object]:
    return {name: getattr(plan, name) for name in names}


def _plan(fields: Mapping[str, Any]) -> Plan:
    axes = tuple(_axis(axis) for axis in fields["space"]["axes"])
    space = Space(axes, fields["space"]["encoded"])
    return Plan(**{**fields, "space": space, "search": Search(fields["search"])})


def _axis(fields: Mapping[str, Any]) -> Axis:
    return Axis(**{**fields, "kind": Kind(fields["kind"]), "values": tuple(fields["values"])})


def _row(trial: Trial) -> tuple[object, ...]:
    """Only what sampling needs; of the reports, only the last, so that 10,000 trials stay cheap."""
    pruned = trial.pruned_at is not None
    parameters = None if trial.parameters is None else dict(trial.parameters)
    return (
        trial.number,
        trial.state,
        trial.reason,
        parameters,
        trial.value,
        trial.reports[-1:],
        trial.measured,
        pruned,
    )


def _trial(*row: Any) -> Trial:
    number, state, reason, parameters, value, reports, measured, pruned = row
    return Trial(
        number,
        state=JobState(state),
        reason=EndReason(reason) if reason else None,
        parameters=parameters,
        value=value,
        reports=tuple(tuple(report) for report in reports),
        measured=measured,
        pruned_at=0.0 if pruned else None,
    )
