"""What is read from the old store, under the names of the version that wrote it."""

import json
from dataclasses import asdict
from typing import Any

from bot.domain.model.execution import Execution
from bot.domain.model.job import Job
from bot.domain.model.progress import Progress
from bot.domain.model.rows import Posted
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial


def facts(posted: Posted) -> dict[str, Any]:
    """A job or a sweep as one flat object."""
    request, run, publication, result = posted.request, posted.run, posted.publication, posted.publication.result
    progress = asdict(posted.progress if isinstance(posted, Job) else Progress())
    for later in ("records", "stream", "unit", "exact", "first_exact"):
        del progress[later]
    return {
        "project": run.project,
        "commit": asdict(run.commit),
        "parameters": dict(run.parameters),
        "asker_id": request.asker_id,
        "channel_id": request.channel_id,
        "interaction_id": request.interaction_id,
        "retry_of": request.retry_of,
        **_lifecycle(posted),
        **_execution(posted),
        "progress": {"rows" if name == "epochs_seen" else name: value for name, value in progress.items()},
        "message_id": publication.card_id,
        "thread_id": publication.thread_id,
        "log_posted": publication.lines_posted,
        "revision": publication.revision,
        "shown_revision": publication.shown_revision,
        "archived_at": publication.archived_at,
        "found_at": publication.recovered_at,
        "told_at": result.committed_at,
        "end_in": result.channel_id,
        "refused_in": list(result.refused_in),
        "untold": result.undeliverable,
        "sweep": isinstance(posted, Sweep),
        "of_sweep": _of_sweep(posted) if isinstance(posted, Sweep) else None,
    }


def submission_facts(submission: Submission) -> dict[str, Any]:
    stop = submission.execution.stop
    return {
        "sweep": submission.sweep_id,
        "state": submission.execution.state,
        "batch_id": submission.execution.engine_id,
        "submit_tried_at": submission.execution.submit_called_at,
        "stop_at": stop.at if stop is not None else None,
        "parameters": dict(submission.run.parameters),
        "numbers": submission.numbers,
        "children": dict(submission.children),
    }


def trial_facts(trial: Trial) -> dict[str, Any]:
    names = {"engine_id": "batch_id", "announced": "reported"}
    later = {"reported_in", "unit", "waited_seconds", "stop_by_id", "stop_why", "readings"}
    later |= {"lost_seconds", "lost_machines", "leaving", "left", "results", "seconds_before"}
    told = {names.get(name, name): value for name, value in asdict(trial).items() if name not in later}
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]


def _lifecycle(posted: Posted) -> dict[str, Any]:
    execution = posted.execution
    stop = execution.stop
    return {
        "state": execution.state,
        "live": execution.live,
        "seen_at": execution.state_since,
        "unseen_since": execution.unanswered_since,
        "started_at": execution.started_at,
        "reason": execution.reason,
        "detail": execution.detail,
        "stop_by": stop.by if stop is not None else None,
        "stop_at": stop.at if stop is not None else None,
    }


def _execution(posted: Posted) -> dict[str, Any]:
    """A sweep of the old version had these too, empty."""
    execution = posted.execution if isinstance(posted, Job) else Execution()
    return {
        "batch_id": execution.engine_id,
        "submit_tried_at": execution.submit_called_at,
        "status_reason": execution.status_reason,
        "attempts": [asdict(attempt) for attempt in execution.attempts],
        "attempt_states": execution.attempts_ended,
        "streams": list(execution.streams),
    }


def _of_sweep(sweep: Sweep) -> dict[str, Any]:
    plan = {"kept" if name == "carried_over" else name: value for name, value in asdict(sweep.plan).items()}
    del plan["pilot"]
    later = {"incomplete", "first_incomplete", "lost_seconds", "lost_machines"}
    tally = {name: value for name, value in asdict(sweep.tally).items() if name not in later}
    old = {"plan": plan, "tally": tally, **asdict(sweep.board)}
    return json.loads(json.dumps(old))  # type: ignore[no-any-return]
