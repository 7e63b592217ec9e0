"""Recover a Batch job of the bot that the store does not know, from its tags and its environment alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog
from prometheus_client import Counter

from bot.domain.inert import Inert
from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.plan import Search
from bot.domain.model.publication import Publication
from bot.domain.model.request import Request
from bot.domain.model.rows import Posted, Submitted
from bot.domain.model.run import Commit, Run
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission, expanded
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change, NewPost, PostKind, first_posts
from bot.domain.project import Project
from bot.domain.remedy import Remedied, RemedyKind, ResumeFrom
from bot.domain.sweeps.grammar import parse
from bot.domain.sweeps.taken_back import before
from bot.domain.texts import notes
from bot.domain.texts.engine import engine_title
from bot.errors import UserError
from bot.services.jobs.submit_call import ASKER_TAG, CHANNEL_TAG, INTERACTION_TAG, JOB_TAG, PROJECT_TAG
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core
from trainer.contract import Env

log = structlog.get_logger()

NO_PROJECT, UNREADABLE = "its project is not in the config", "its tags and variables cannot be read"
RECONCILED = Counter("signalbox_reconciled", "Batch jobs that differed from what the store knew", ["kind"])


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live engine job with the bot's tags that nobody can see or stop. `why` it cannot be adopted."""

    engine_id: str
    name: str
    project: str
    why: str


class Adopt:
    """Called by `reconcile` for each job with the bot's tags that the store does not know."""

    def __init__(self, core: Core, quotes: Quotes) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._quotes = quotes
        self.orphans: dict[str, Orphan] = {}
        """By engine id, those that were found and not adopted. The guard names them, and ends them after a grace."""

    async def adopt(self, seen: Observation) -> Submitted | None:
        """Rebuild the job from its tags and environment, and store it. If that fails, it is an orphan."""
        project = self._projects.get(dict(seen.tags).get(PROJECT_TAG, ""))
        if project is None:
            self.orphan(seen, NO_PROJECT)
            return None
        job = found_again(seen, project, self._now())
        taken = job is not None and await self._take(job, seen, project)
        if job is None or not taken:
            RECONCILED.labels("unreadable").inc()
            self.orphan(seen, UNREADABLE)
            return None
        RECONCILED.labels("adopted").inc()
        log.warning("job adopted", job=job.id, engine_id=seen.engine_id)
        return job

    def orphan(self, seen: Observation, why: str) -> None:
        """Note it, unless it has ended: another version of the bot may have made it, so nothing is ended at once."""
        if seen.state.terminal:
            return
        log.error("a job of the bot cannot be adopted", engine_id=seen.engine_id, name=seen.name, why=why)
        project = dict(seen.tags).get(PROJECT_TAG, "")
        self.orphans[seen.engine_id] = Orphan(seen.engine_id, seen.name, project, why)

    async def _take(self, job: Submitted, seen: Observation, project: Project) -> bool:
        if isinstance(job, Submission):
            return await self._submission(job, seen, project)
        job = await self._quotes.priced(job, project)  # what people saw is lost with the store
        await self._store.add(job, _posts(job, notes.job_adopted(engine_title(project))))
        return True

    async def _submission(self, submission: Submission, seen: Observation, project: Project) -> bool:
        """Store a submission, and its sweep if that is unknown too. If the sweep's result has been announced, stop the
        submission: nobody would track it."""
        sweep = await self._store.job(submission.sweep_id)
        if sweep is None:
            sweep = sweep_of(submission, seen, project)
            if sweep is None:
                return False
            sweep = await self._quotes.priced(sweep, project)
            note = notes.sweep_adopted(engine_title(project))
            await self._store.add(sweep, _posts(sweep, note), _carried_over(sweep))
        elif not sweep.execution.live:
            stopped = submission.execution.stop_requested(Stop("Signalbox", self._now()))
            submission = replace(submission, execution=stopped)
        await self._store.add_submissions(sweep.id, [submission], _unchanged)
        return True


def found_again(seen: Observation, project: Project, now: float) -> Submitted | None:
    """The job or submission that these tags and this environment describe; None if they cannot be read."""
    tags, environment = dict(seen.tags), dict(seen.environment)
    try:
        run = _run(project, environment)
        execution = Execution(state=JobState.SUBMITTED, engine_id=seen.engine_id)
        request = _request(seen, project, now)
        if "SWEEP" in environment:
            return _submission(tags[JOB_TAG], environment, run, execution, now, request.created_at)
        if run.remedied is not None:
            request = replace(request, retry_of=run.remedied.of)
        return Job(tags[JOB_TAG], request, run, execution, publication=Publication(recovered_at=now))
    except (LookupError, TypeError, ValueError):
        return None


def _run(project: Project, environment: Mapping[str, str]) -> Run:
    parameters = json.loads(environment.get("PARAMETERS", "{}"))
    commit = Commit(environment["COMMIT_ID"], environment.get("BRANCH_NAME", project.branches[0]))
    results = environment["OUTPUT_URI"].rstrip("/").removesuffix("/" + environment["JOB_ID"].replace(".", "/"))
    key, named = environment.get("JOB_KEY", ""), environment.get(Env.MACHINE, "")
    machine = named if named in {each.name for each in project.machines} else ""
    run = Run(project.name, commit, dict(parameters), project.timeout_seconds, key, results, machine=machine)
    return _remedied(run, environment)


def _remedied(run: Run, environment: Mapping[str, str]) -> Run:
    """With what was changed of it because an earlier job failed."""
    changed = json.loads(environment.get(Env.REMEDY, "{}"))
    if not changed:
        return run
    before, after, by_bot = int(changed["before"]), int(changed["after"]), bool(changed["by_bot"])
    machine, reclaims = (
        str(changed.get("machine", "")),
        int(changed.get("reclaims", 0)),
    )
    origin = json.loads(environment.get(Env.RESUME_FROM, "null"))
    return replace(
        run,
        memory_mib=int(changed["memory_mib"]),
        timeout_seconds=int(changed["timeout_seconds"]),
        remedied=Remedied(RemedyKind(changed["kind"]), str(changed["of"]), before, after, by_bot, machine, reclaims),
        resume_from=ResumeFrom(origin["job"], origin["uri"], origin["key"]) if origin is not None else None,
    )


def _request(seen: Observation, project: Project, now: float) -> Request:
    tags = dict(seen.tags)
    return Request(
        asker_id=int(tags[ASKER_TAG]),
        asker_name=dict(seen.environment).get("ASKER", "somebody"),
        channel_id=int(tags.get(CHANNEL_TAG) or project.channel_ids[0]),
        interaction_id=int(tags[INTERACTION_TAG]),
        created_at=seen.created_at or now,
    )


def _submission(
    job_id: str, environment: Mapping[str, str], run: Run, execution: Execution, now: float, created_at: float
) -> Submission:
    """SWEEP_SPACE lists the trials of an array; a single trial has its number in its name."""
    sweep_id, _, number = job_id.rpartition("-")
    numbers = environment["JOB_ID"].rpartition(".")[2]
    if "SWEEP_SPACE" in environment:
        numbers = json.loads(environment["SWEEP_SPACE"])["numbers"]
    size = len(expanded(numbers))
    return Submission(job_id, sweep_id, int(number), numbers, size, run, created_at, execution, recovered_at=now)


def sweep_of(submission: Submission, seen: Observation, project: Project) -> Sweep | None:
    """Rebuild the sweep of a submission from the request in its environment; None if the config has changed so that it
    does not parse any more."""
    try:
        request = json.loads(dict(seen.environment)["SWEEP"])
        options = {name: request[name] for name in ("trials", "folds", "parallel", "stop_losers", "seed")}
        options["distinct"] = request.get("distinct", False)  # versions before 0.2 did not say
        options["mixed"] = request.get("mixed", False)  # nor did they mix grids
        plan = parse(str(request["text"]), project.parameters, Search(str(request["search"])), **options)
    except (LookupError, TypeError, ValueError, UserError):
        return None
    plan = replace(plan, pilot=bool(request.get("pilot", False)))
    retry_of = request.get("retry_of")
    if retry_of:
        numbers = str(request.get("numbers") or submission.numbers)
        plan = replace(plan, numbers=numbers, carried_over=plan.trials - len(expanded(numbers)))
    own = {*plan.space.names, "folds", "fold"} if plan.folds > 1 else {*plan.space.names}
    fixed = {name: value for name, value in submission.run.parameters.items() if name not in own}
    asked = _request(seen, project, submission.created_at)
    return Sweep(
        id=submission.sweep_id,
        request=replace(asked, created_at=submission.created_at, retry_of=retry_of),
        run=replace(submission.run, parameters=fixed, results=before(submission.run.results)),
        plan=plan,
        execution=Lifecycle(state=JobState.RUNNING),
        publication=Publication(recovered_at=submission.recovered_at),
    )


def _carried_over(sweep: Sweep) -> list[Trial]:
    """The trials that a retry takes over from the earlier sweep. Their values are read from their results."""
    if sweep.request.retry_of is None:
        return []
    run = set(expanded(sweep.plan.numbers))
    good = Trial(0, None, JobState.SUCCEEDED, EndReason.SUCCEEDED, source=sweep.request.retry_of)
    return [replace(good, number=number) for number in range(sweep.plan.trials) if number not in run]


def _posts(job: Posted, note: Inert) -> tuple[NewPost, ...]:
    return (*first_posts(job.id), NewPost(f"found:{job.id}", PostKind.NOTE, job.id, text=note))


def _unchanged(sweep: Sweep) -> Change | None:  # noqa: ARG001
    return None
