"""A project, jobs, sweeps and trials to show messages with."""

import math
from collections.abc import Iterator
from dataclasses import replace

from bot.domain.audit.entry import BOT, Actor, Decision, Does, Effect, Place
from bot.domain.audit.entry import Entry as AuditEntry
from bot.domain.guard.signs import Condition
from bot.domain.guard.watch import Warned, Watch
from bot.domain.inert import Inert
from bot.domain.model.execution import Execution, Lifecycle, Stop
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.plan import Plan, Search
from bot.domain.model.progress import Progress
from bot.domain.model.request import Request
from bot.domain.model.run import Commit, Run
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.model.sweep import Board, Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Asked, Caps, Excess, Limits, Pool, Sums
from bot.domain.money.hold import Approval, Continued, Hold, HoldKind
from bot.domain.money.pause import Pause
from bot.domain.money.quote import Quote, Terms
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.domain.spending.ledger import places
from bot.domain.texts.cap_refusals import paused_text, refusal, resumed_text, unpriced
from bot.domain.texts.command_names import plain
from bot.domain.texts.guard_texts import GUARD
from bot.services.sweeps.preview import Proposal

NOW = 1_790_000_000.0
STARTED = NOW + 60
ENDED = STARTED + 271
DETAIL = "ValueError: shapes do not fit"

PROJECT = Project(
    name="mnist",
    repository="https://example.org/mnist.git",
    branches=("main",),
    command=("python", "train.py"),
    queue="gpu",
    job_definition="trainer",
    log_group="/aws/batch/job",
    output_uri="s3://bucket/jobs",
    parameters=(Parameter("lr", Kind.FLOAT, 0.1, 1e-6, 1.0), Parameter("epochs", Kind.INT, 10, 1, 100)),
)
MORE_PARAMETERS = (
    *(Parameter(f"rate_{number}", Kind.FLOAT, 0.1, 0, 1) for number in range(30)),
    Parameter("optimizer", Kind.CHOICE, "sgd", choices=("sgd", "adam")),
)
"""More than there are options."""
TYPED_SETTINGS = ("", "opt", "optimizer=", "lr=3", "lr=0.2 ", "lrr=3")
COMMIT = Commit("a1b2c3d" + "0" * 33, "main", "Warm up the learning rate")
REQUEST = Request(asker_id=42, asker_name="mika", channel_id=7, interaction_id=1, created_at=NOW)
QUOTE = Quote(
    1.018,
    7_200,
    Terms.SPOT,
    "g5.xlarge",
    usual_usd_per_hour=0.212,
    usual_machine="g4dn.xlarge",
    usual_on_demand_usd_per_hour=0.538,
    attempts=3,
    billed_seconds=540.0,
    expected_seconds=720.0,
    priced_at=NOW,
)
RUN = Run("mnist", COMMIT, {"lr": 0.1, "epochs": 10}, 7_200, quote=QUOTE)
PROGRESS = Progress(7, 10, {"val_accuracy": 96.4, "val_loss": 0.121}, 96.7, 6, STARTED + 20, STARTED + 140, 7)
STOP = Stop("noor", STARTED + 100)

JOB = Job("k7q2mx", REQUEST, RUN)
RUNNING = replace(JOB, execution=Execution(JobState.RUNNING, started_at=STARTED), progress=PROGRESS)

LR, MOMENTUM = (0.1, 0.01, 0.001), (0.5, 0.1, 0.05)
SPACE = Space(
    (Axis("lr", Kind.FLOAT, LR), Axis("momentum", Kind.FLOAT, MOMENTUM)),
    {"axes": [["lr", list(LR)], ["momentum", list(MOMENTUM)]]},
)
PLAN = Plan("lr=0.1,0.01,0.001 momentum=0.5,0.1,0.05", SPACE, Search.GRID, 9)
LEADERS = (
    Leader(0, 96.7, {"lr": 0.1, "momentum": 0.5}, epoch=6),
    Leader(1, 94.44, {"lr": 0.1, "momentum": 0.1}, epoch=10),
)
FAILURES = (
    Failure(EndReason.COMMAND_FAILED, DETAIL, 2, (4, 7)),
    Failure(EndReason.OUT_OF_MEMORY, "", 1, (8,)),
)
MIDDLE = Tally(
    {TrialState.SUCCEEDED: 3, TrialState.RUNNING: 2, TrialState.FAILED: 1}, LEADERS, FAILURES[1:], 840.0, 0.0, 0.55
)
DONE = Tally({TrialState.SUCCEEDED: 9}, LEADERS, seconds=1_440.0, progress=1.0)
PARTLY = Tally(
    {TrialState.SUCCEEDED: 3, TrialState.FAILED: 3, TrialState.PRUNED: 2, TrialState.MISSING: 1},
    LEADERS,
    FAILURES,
    seconds=1_440.0,
    saved_seconds=600.0,
    progress=1.0,
)
LOST = "not stored: model.pt (Permission denied) and 2 more"
INCOMPLETE = replace(DONE, incomplete=3, first_incomplete=4)
SWEEP = Sweep("b2c3d4", REQUEST, replace(RUN, parameters={"epochs": 10}, quote=replace(QUOTE, runs=9, at_once=4)), PLAN)
APPROVAL = Hold(HoldKind.APPROVAL, NOW, NOW + 3_600, approvers=(5,))
FAILING = Hold(HoldKind.FAILURES, NOW, NOW + 86_400, detail=DETAIL, reason=EndReason.COMMAND_FAILED, failed=4, ended=4)
CONTINUED = (
    Continued("noor", NOW, 43),
    Continued("noor", NOW, 43, from_commit="0123456789abcdef0123456789abcdef01234567"),
)
HELD_TALLY = Tally({TrialState.FAILED: 4, TrialState.WAITING: 5}, failures=FAILURES[:1], seconds=840.0, progress=0.44)
PAUSE = Pause(True, 43, "noor", "The month's budget is used up.", NOW)
PROPOSAL = Proposal(SWEEP, True, 4, 720.0, 194_400.0)


def ended_job(reason: EndReason) -> Job:
    """A job that ended for this reason."""
    if reason is EndReason.NEVER_STARTED:
        return waiting_job(WaitCause.NO_CAPACITY).ended(reason, ENDED, "THE_ENGINES_CODE")
    attempts = (Attempt(stopped_at=STARTED, exit_code=1),) * (2 if reason is EndReason.HOST_LOST else 1)
    stop = STOP if reason is EndReason.STOPPED else None
    detail = DETAIL if reason is EndReason.COMMAND_FAILED else ""
    running = replace(RUNNING, execution=replace(RUNNING.execution, attempts=attempts, stop=stop))
    return running.ended(reason, ENDED, detail)


def live_jobs() -> Iterator[tuple[str, Job]]:
    """A live job in each state, and what else its card can say."""
    for state in JobState:
        if not state.terminal:
            yield state.lower(), replace(RUNNING if state is JobState.RUNNING else JOB, execution=_execution(state))
    yield "stopping", replace(RUNNING, execution=replace(RUNNING.execution, stop=STOP))
    yield "stopped by the guard", _guard_stop()
    yield "the engine does not answer", replace(RUNNING, execution=RUNNING.execution.unanswered(NOW))
    yield "the engine does not answer, not submitted", replace(JOB, execution=JOB.execution.unanswered(NOW))
    asked = JOB.execution.submit_called(NOW).unanswered(NOW)
    yield "the engine does not answer, perhaps submitted", replace(JOB, execution=asked)
    yield "the credentials have expired", replace(JOB, execution=JOB.execution.unanswered(NOW, expired=True))
    yield "waiting for approval", replace(JOB, execution=JOB.execution.held(APPROVAL))
    price = Hold(HoldKind.PRICE, NOW, NOW + 7_200, below_usd=0.2, machine="g4dn.xlarge", seen_usd=0.31)
    yield "waiting for a price", replace(JOB, execution=JOB.execution.held(price))
    unseen = replace(price, machine="", seen_usd=0.0)
    yield "waiting for a price that nobody knows", replace(JOB, execution=JOB.execution.held(unseen))
    yield "approved", replace(JOB, execution=JOB.execution.approved(Approval("noor", NOW, 43)))
    yield "paused", replace(JOB, execution=JOB.execution.paused("noor"))
    yield "at prices of some time ago", quoted(RUNNING, replace(QUOTE, stale=True))
    yield "without a price", quoted(RUNNING, None)
    yield "waiting again", replace(JOB, execution=replace(_execution(JobState.RUNNABLE), attempts_ended=1))


def quoted(job: Job, quote: Quote | None) -> Job:
    return replace(job, run=replace(job.run, quote=quote))


def offers() -> Iterator[tuple[str, Job]]:
    """A job that starts, by what is known of its cost."""
    yield "no earlier job", quoted(JOB, replace(QUOTE, expected_seconds=None))
    yield "no earlier job, one attempt", quoted(JOB, replace(QUOTE, expected_seconds=None, attempts=1))
    yield "one type on demand", quoted(JOB, replace(QUOTE, terms=Terms.ON_DEMAND, machine="g4dn.xlarge"))
    yield "prices of some time ago", quoted(JOB, replace(QUOTE, stale=True))
    yield "a price of the config", quoted(JOB, Quote(0.526, 7_200, expected_seconds=720.0))
    yield "less than a cent", quoted(JOB, Quote(0.01, 60, expected_seconds=30.0))


def warned() -> Iterator[tuple[str, Job | Sweep]]:
    """Jobs that the guard warns of, and a sweep with several trials."""
    for condition in Condition:
        if not condition.ends_at_once:
            stands = Warned(0, condition, NOW, NOW + 1_800, 1_860, "train_loss", math.nan)
            yield condition, replace(RUNNING, watch=Watch(warned=(stands,), said=1))
    many = Warned(0, Condition.SILENT, NOW, NOW + 1_800, 1_860, trials=(3, 4, 7))
    running = Lifecycle(JobState.RUNNING, started_at=STARTED)
    yield "silent trials", replace(SWEEP, execution=running, tally=MIDDLE, watch=Watch(warned=(many,), said=1))


def waiting_job(cause: WaitCause) -> Job:
    """A job that waits for a machine, with the engine's own words if it has any."""
    words = "" if cause is WaitCause.NO_REASON else "THE_ENGINES_CODE - and its own sentence about it."
    return replace(JOB, execution=replace(_execution(JobState.RUNNABLE), status_reason=words, wait=cause))


def sweeps() -> Iterator[tuple[str, Sweep]]:
    """Sweeps in each state."""
    running = Lifecycle(JobState.RUNNING, started_at=STARTED)
    yield "being submitted", SWEEP
    yield "waiting for approval", replace(SWEEP, execution=SWEEP.execution.held(APPROVAL))
    yield "waiting", replace(SWEEP, execution=running)
    yield "the pilot runs", replace(SWEEP, execution=running.held(Hold(HoldKind.PILOT, NOW)))
    yield "held", replace(SWEEP, execution=running.held(FAILING), tally=HELD_TALLY)
    yield "held by its pilot", replace(SWEEP, execution=running.held(replace(FAILING, failed=1, ended=1)))
    for done in CONTINUED:
        name = "continued" if done.as_it_is else "continued at the newest commit"
        yield name, replace(SWEEP, execution=running, tally=MIDDLE, continued=done)
    yield "paused", replace(SWEEP, execution=running.paused("noor"))
    yield (
        "running",
        replace(SWEEP, execution=running, tally=MIDDLE, board=Board(importance={"lr": 0.7, "momentum": 0.3})),
    )
    yield "stopping", replace(SWEEP, execution=replace(running, stop=STOP), tally=MIDDLE)
    yield "all succeeded", _ended(DONE, EndReason.SUCCEEDED)
    yield "all succeeded, not everything stored", _ended(INCOMPLETE, EndReason.SUCCEEDED)
    yield "some failed", _ended(PARTLY, EndReason.SUCCEEDED)
    for reason in EndReason:
        if reason is EndReason.STOPPED:
            yield "stopped", _ended(MIDDLE, reason)
        elif reason is not EndReason.SUCCEEDED:
            yield f"{reason}, in all trials", _ended(_all_failed(reason), reason)
            yield f"{reason}, before any trial", _ended(Tally(), reason)


def trials() -> Iterator[tuple[str, Trial]]:
    """A trial in each state."""
    begun = Trial(3, state=JobState.RUNNING, started_at=STARTED, reports=((7, 96.4),), epochs=10, value=96.7, epoch=6)
    failed = replace(begun, state=JobState.FAILED, ended_at=ENDED)
    made = (
        Trial(3),
        begun,
        replace(begun, state=JobState.SUCCEEDED, ended_at=ENDED),
        replace(begun, state=JobState.SUCCEEDED, ended_at=ENDED, measured=True, value=None),
        replace(failed, reason=EndReason.COMMAND_FAILED, exit_code=1, detail=DETAIL),
        replace(failed, reason=EndReason.STOPPED, pruned_at=NOW, measured=True),
        replace(failed, reason=EndReason.STOPPED, stop_by="noor"),
    )
    for trial in made:
        yield trial.shown, trial
    yield "stopping", replace(begun, stop_by="noor")
    yield "carried over", replace(made[2], source="c5d6f7")
    yield "not everything stored", replace(made[2], detail=LOST)


def refusals() -> Iterator[tuple[str, Inert | str]]:
    """Of a request that a cap refuses, for each cap and for each thing that would fit; and of one during a pause."""
    caps, calendar = Caps(Limits(20.0, 40.0, 30.0, 4, 4)), Calendar()
    own = Caps(projects={"mnist": Limits(20.0, 40.0, 30.0, 4, 4)})
    sums = Sums(12.0, 7.5, 4)
    for where, cap in (*(("", each) for each in caps.of("mnist")), *(("own: ", each) for each in own.of("mnist"))):
        for row in (JOB, SWEEP):
            found = Excess(cap, Asked(row.run.quote, places(row)), Sums() if cap.pool is Pool.JOB else sums)
            yield f"{where}{cap.pool}, {type(row).__name__.lower()}", refusal(found, row, calendar, NOW)
    yield "no price", unpriced(JOB, "caps.job_usd")
    yield "paused", paused_text(PAUSE)
    yield "paused without a reason", paused_text(replace(PAUSE, reason=""))
    yield "resumed", resumed_text(replace(PAUSE, paused=False))


def _guard_stop() -> Job:
    stop = Stop(GUARD, STARTED + 100, why="silent for 61 min")
    return replace(RUNNING, execution=replace(RUNNING.execution, stop=stop))


def _execution(state: JobState) -> Execution:
    return Execution(state, started_at=STARTED if state is JobState.RUNNING else None)


def _ended(tally: Tally, reason: EndReason) -> Sweep:
    stop = STOP if reason is EndReason.STOPPED else None
    running = replace(SWEEP, execution=Lifecycle(JobState.RUNNING, started_at=STARTED, stop=stop), tally=tally)
    return running.ended(reason, ENDED)


def _all_failed(reason: EndReason) -> Tally:
    return Tally({TrialState.FAILED: 9}, failures=(Failure(reason, "", 9, (0, 1, 2)),), seconds=1_440.0)


def audit_entries() -> Iterator[tuple[str, AuditEntry]]:
    """One for each effect, and the decisions that have none."""
    typed = AuditEntry("1", plain("train"), Actor(42, "mika"), Place(1, 7, 8), {"branch": "main", "lr": "0.1"})
    own = {
        Does.SUBMIT,
        Does.SUBMITTED,
        Does.ADOPT,
        Does.FOLLOW,
        Does.PRUNE,
        Does.TIME_LIMIT,
        Does.END,
        Does.RESTORE,
        Does.HOLD,
    }
    for does in Does:
        entry = replace(typed, what="", by=BOT, place=Place(), options={}) if does in own else typed
        effect = Effect(
            does, "k7q2mx", "mnist", "5f2b1c9d" if does in own - {Does.SUBMIT, Does.RESTORE, Does.HOLD} else ""
        )
        yield does or "an answer", entry.caused(effect)
    yield "refused", replace(typed, decided=Decision.REFUSED, why="You need the role <@&5> to start jobs here.")
    yield "failed", replace(typed, decided=Decision.FAILED, why="That didn't work this time. Try again in a minute.")
