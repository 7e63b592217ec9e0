"""Build the SubmitJob call of a job or a submission, with the tags by which it is found again."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.request import Request
from bot.domain.model.rows import Submitted
from bot.domain.model.run import Commit, Run
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Value
from bot.domain.project import Project
from bot.errors import BadInput
from bot.ports.engine import Capabilities, SubmitCall
from trainer.contract import Env, array_uri
from trainer.keep_patterns import DEFAULT_KEEP, DEFAULT_LIMIT_GIB

JOB_TAG = "signalbox:job"
BOT_TAG = "signalbox:bot"
PROJECT_TAG = "signalbox:project"
CHANNEL_TAG = "signalbox:channel"
ASKER_TAG = "signalbox:asker"
INTERACTION_TAG = "signalbox:interaction"
_KEY_BYTES = 16


def new_run(project: Project, commit: Commit, parameters: Mapping[str, Value], machine: str = "") -> Run:
    """What is asked for now: its files have a place, and a key that seals them. Raises `UnknownName` for a machine."""
    return Run(
        project.name,
        commit,
        parameters,
        project.timeout_seconds,
        key=secrets.token_hex(_KEY_BYTES),
        results=project.output_uri,
        machine=project.machine_named(machine),
    )


def engine_name(job: Submitted, bot_name: str) -> str:
    """Unique to the intent, and valid as a job name in Batch."""
    return f"{bot_name}-{job.run.project}-{job.id}"


def call_for_job(job: Job, project: Project, bot_name: str) -> SubmitCall:
    """With the environment of the contract with training code."""
    return _call(job, job.request, project, bot_name, {})


def call_for_submission(submission: Submission, sweep: Sweep, project: Project, bot_name: str) -> SubmitCall:
    """The same for trials: those of an array derive their points from their index, a single one gets its own."""
    environment = _trial_environment(submission, sweep, project)
    call = _call(submission, sweep.request, project, bot_name, environment)
    return replace(call, array_size=submission.size if submission.size > 1 else 0)


def check_fits(call: SubmitCall, engine: Capabilities, what: str, instead: str, *, room: int = 0) -> None:
    """Raise `BadInput` if the call is too large for the engine. `room` is kept free; `instead` is the advice."""
    size, most = call.characters, engine.call_characters - room
    if size > most:
        raise BadInput(f"{what} takes {size:,} characters; {engine.name} passes at most {most:,} to a job. {instead}")


def _call(job: Submitted, request: Request, project: Project, bot_name: str, extra: Mapping[str, str]) -> SubmitCall:
    place = project.on(job.run.machine)
    environment = {
        **project_environment(project),
        "BRANCH_NAME": job.run.commit.branch,
        "COMMIT_ID": job.run.commit.sha,
        "JOB_ID": job.id,
        "JOB_KEY": job.run.key,
        "OUTPUT_URI": project.prefix(job.run.results, job.id),
        "PARAMETERS": json.dumps(dict(job.run.parameters)),
        "ASKER": request.asker_name,
        Env.MACHINE: job.run.machine,
        Env.REMEDY: json.dumps(remedy_as_json(job.run)) if job.run.remedied is not None else "",
        Env.RESUME_FROM: json.dumps(asdict(job.run.resume_from)) if job.run.resume_from is not None else "",
        **extra,
    }
    return SubmitCall(
        name=engine_name(job, bot_name),
        queue=place.queue,
        definition=project.job_definition,
        command=project.command,
        environment={name: value for name, value in environment.items() if value},
        tags={
            JOB_TAG: job.id,
            BOT_TAG: bot_name,
            PROJECT_TAG: job.run.project,
            CHANNEL_TAG: str(request.channel_id),
            ASKER_TAG: str(request.asker_id),
            INTERACTION_TAG: str(request.interaction_id),
        },
        timeout_seconds=job.run.timeout_seconds,
        resources=place.resources.with_memory(job.run.memory_mib),
    )


def remedy_as_json(run: Run) -> Mapping[str, Any]:
    """What was changed, with all that `adopt` needs to rebuild it."""
    changed = asdict(run.remedied) if run.remedied is not None else {}
    return {**changed, "memory_mib": run.memory_mib, "timeout_seconds": run.timeout_seconds}


def project_environment(project: Project) -> dict[str, str]:
    """What each job of the project gets. Settings at their defaults are empty: the space for it is small."""
    return {
        **project.variables,
        "REPOSITORY_URL": project.repository,
        "PARAMETER_FLAGS": project.flags.encoded,
        "WORKING_DIRECTORY": project.working_directory,
        "INSTALL": project.install,
        "METRICS_FILE": project.metrics_file,
        "METRIC": project.columns.get(project.metric, project.metric),
        "METRIC_PATTERNS": json.dumps(dict(project.metric_patterns)) if project.metric_patterns else "",
        "DATA_URI": project.data_uri,
        "SECRETS": ",".join(project.secrets),
        "CHECKPOINTS": json.dumps(project.checkpoints) if project.checkpoints else "",
        "RESUME_ARGUMENTS": json.dumps(project.resume) if project.resume else "",
        "FETCH_TAGS": "1" if project.tags else "",
        "FETCH_LFS": "" if project.lfs else "0",
        "KEEP": "" if project.keep == DEFAULT_KEEP else json.dumps(project.keep),
        "KEEP_LIMIT_GIB": "" if project.keep_limit_gib == DEFAULT_LIMIT_GIB else f"{project.keep_limit_gib:g}",
    }


def _trial_environment(submission: Submission, sweep: Sweep, project: Project) -> dict[str, str]:
    plan, numbers, retry_of = sweep.plan, submission.numbers, sweep.request.retry_of
    retry = {} if retry_of is None else {"retry_of": retry_of, "numbers": plan.numbers if submission.size == 1 else ""}
    request = {"SWEEP": json.dumps({**plan_as_json(plan), **retry})}
    prefix = project.prefix(submission.run.results, sweep.id)
    if submission.size == 1:
        return {**request, "JOB_ID": f"{sweep.id}.{numbers}", "OUTPUT_URI": array_uri(prefix, numbers)}
    space = json.dumps({**plan.space.encoded, "numbers": numbers}, separators=(",", ":"))
    return {**request, "JOB_ID": sweep.id, "OUTPUT_URI": prefix, "SWEEP_SPACE": space}


def plan_as_json(plan: Plan) -> Mapping[str, Any]:
    """The request that `adopt` can rebuild the plan from."""
    return {
        "text": plan.text,
        "search": plan.search,
        "trials": None if plan.search is Search.GRID else plan.points,
        "parallel": plan.parallel,
        "folds": plan.folds,
        "stop_losers": plan.stop_losers,
        "seed": plan.seed,
        "distinct": "ranges" not in plan.space.encoded,
        "mixed": "mixed" in plan.space.encoded,
        **({"pilot": True} if plan.pilot else {}),
    }
