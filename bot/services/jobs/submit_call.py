"""What is handed to Batch with a job: the one SubmitJob call, and the tags by which it is found again."""

import json
from collections.abc import Mapping
from typing import Any

from bot.domain.model.job import Job
from bot.domain.model.sweep import Part, Plan, Search, Sweep
from bot.domain.project import Project
from bot.ports.engine import Submission
from trainer.contract import array_uri

JOB_TAG = "signalbox:job"
BOT_TAG = "signalbox:bot"
PROJECT_TAG = "signalbox:project"
CHANNEL_TAG = "signalbox:channel"
ASKER_TAG = "signalbox:asker"
INTERACTION_TAG = "signalbox:interaction"
ENVIRONMENT = 8_192
"""Characters in all that ECS takes of a job's overrides."""


def batch_name(job: Job, bot_name: str) -> str:
    """Unique to the intent, and within Batch's rule for names."""
    return f"{bot_name}-{job.project}-{job.id}"


def submission(job: Job, project: Project, bot_name: str, sweep: Sweep | None = None) -> Submission:
    """With the environment of the contract with training code. `sweep` is that of a part's face."""
    environment = {
        "REPOSITORY_URL": project.repository,
        "BRANCH_NAME": job.commit.branch,
        "COMMIT_ID": job.commit.sha,
        "JOB_ID": job.id,
        "OUTPUT_URI": project.prefix(job.id),
        "PARAMETERS": json.dumps(dict(job.parameters)),
        "ASKER": job.asker_name,
        "INSTALL": project.install,
        "METRICS_FILE": project.metrics_file,
        "DATA_URI": project.data_uri,
    }
    if job.part is not None and sweep is not None:
        environment |= _of_part(job.part, project, sweep.plan, job.retry_of)
    return Submission(
        name=batch_name(job, bot_name),
        queue=project.queue,
        definition=project.definition,
        command=project.command,
        environment={name: value for name, value in environment.items() if value},
        tags={
            JOB_TAG: job.id,
            BOT_TAG: bot_name,
            PROJECT_TAG: job.project,
            CHANNEL_TAG: str(job.channel_id),
            ASKER_TAG: str(job.asker_id),
            INTERACTION_TAG: str(job.interaction_id),
        },
        timeout_seconds=job.timeout_seconds,
        array_size=job.part.size if job.part is not None and job.part.size > 1 else 0,
    )


def _of_part(part: Part, project: Project, plan: Plan, retry_of: str | None) -> dict[str, str]:
    """An array's trials find their points by their index; a trial by itself has its own in PARAMETERS."""
    again = {} if retry_of is None else {"retry_of": retry_of, "numbers": plan.numbers if part.size == 1 else ""}
    asked = {"SWEEP": json.dumps({**asked_for(plan), **again})}
    prefix = project.prefix(part.sweep_id)
    if part.size == 1:
        return {**asked, "JOB_ID": f"{part.sweep_id}.{part.numbers}", "OUTPUT_URI": array_uri(prefix, part.numbers)}
    space = json.dumps({**plan.space.encoded, "numbers": part.numbers}, separators=(",", ":"))
    return {**asked, "JOB_ID": part.sweep_id, "OUTPUT_URI": prefix, "SWEEP_SPACE": space}


def asked_for(plan: Plan) -> Mapping[str, Any]:
    """What the plan can be made of again, as JSON."""
    return {
        "text": plan.text,
        "search": plan.search,
        "trials": None if plan.search is Search.GRID else plan.points,
        "parallel": plan.parallel,
        "folds": plan.folds,
        "stop_losers": plan.stop_losers,
        "seed": plan.seed,
    }
