"""Commands, sweeps, clicks, transitions, events, lines, faults, crashes and clocks in any order; the promises as
invariants.

The same 60 orders each time; 3,000 new ones with `--hypothesis-profile=thorough`.
"""

import asyncio
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import expanded
from bot.domain.model.sweep import Sweep
from bot.domain.posts import PostKind
from bot.errors import NotAllowed, ServiceError, SignalboxError, Throttled, Unavailable
from bot.ports.engine import Hint
from bot.services.jobs.submit import TrainRequest
from tests.faults.world import MEMORY, Play, World
from tests.support.faults import Fault
from tests.support.projects import CHANNEL, CSV
from tests.support.services import MIKA, NOOR

MOST_JOBS = 4
MOST_ROUNDS = 6
"""Until a sweep whose trials come one after the other has no more."""
CALLS = (
    "Engine.submit",
    "Engine.find",
    "Engine.describe",
    "Engine.live",
    "Engine.terminate",
    "Engine.children",
    "Engine.room",
    "Sampler.ask",
    "Sampler.importance",
    "Logs.read",
    "Artifacts.read",
    "Artifacts.write",
    "Figures.draw",
    "Figures.board",
    "Code.resolve",
    "Events.receive",
    "Events.acknowledge",
    "Chat.send",
    "Chat.sent",
    "Chat.show",
)
WAITING = (JobState.SUBMITTED, JobState.PENDING, JobState.RUNNABLE, JobState.STARTING)
SWEEPS: tuple[dict[str, Any], ...] = (
    {"text": "lr=0.1,0.03"},
    {"text": "lr=0.1,0.03,0.01", "parallel": 1},
    {"text": "lr=0.001..0.1:log", "search": "tpe", "trials": 3, "parallel": 2},
    {"text": "lr=0.01..0.3:11"},
)
"""An array, one by one, by a sampler, and one that has to be confirmed."""
number = st.integers(0, 7)
"""Which of the jobs, or of what else there is, counted round."""


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.accepted: list[str] = []
        self.commands: list[dict[str, Any]] = []
        """What was asked for, beside `accepted`: empty for a job, else the sweep's."""
        self.left: dict[tuple[str, int], str] = {}
        """By sweep and trial the metric that it left."""
        self.printed: Counter[str] = Counter()
        """Batch job → the number of its lines; each line names both."""
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self._runner = asyncio.Runner()
        self.play = Play(self.world, Path(self._folder.name))
        self._playing = self.play.playing()
        self._run(self._playing.__aenter__())

    # ---- people ------------------------------------------------------------------------------------------
    @precondition(lambda self: len(self.accepted) < MOST_JOBS)
    @rule()
    def train(self) -> None:
        with suppress(ServiceError):
            self._asked(self._run(self.play.train(len(self.accepted) + 1)))

    @precondition(lambda self: len(self.accepted) < MOST_JOBS)
    @rule(what=st.sampled_from(SWEEPS))
    def sweep(self, what: dict[str, Any]) -> None:
        """Confirmed where it has to be."""
        with suppress(ServiceError):
            self._asked(self._run(self.play.sweep(interaction_id=len(self.accepted) + 1, **what)), what)

    @precondition(lambda self: 0 < len(self.accepted) < MOST_JOBS)
    @rule(which=number)
    def retry(self, which: int) -> None:
        """Of a sweep what failed, once it has ended."""
        self.world.interaction = len(self.accepted) + 1
        request = TrainRequest(NOOR, CHANNEL, self.world.interaction)
        old, what = self._accepted(which), self.commands[which % len(self.accepted)]
        with suppress(SignalboxError):
            if what:
                proposal = self._run(self.play.alive(lambda bot: bot.propose.retry_failed(old, request)))
                again = proposal.sweep
                if proposal.needs_confirmation:
                    self._run(self.play.alive(lambda bot: bot.propose.confirm(again.id, NOOR)))
            else:
                again = self._run(self.play.alive(lambda bot: bot.submit.retry(old, request)))
            self._asked(again.id, what)

    @precondition(lambda self: self.accepted)
    @rule(which=number)
    def the_same_command_comes_again(self, which: int) -> None:
        """What asked for a retry comes as the command: it is another's where it has to be confirmed."""
        place = which % len(self.accepted)
        with suppress(ServiceError, NotAllowed):
            if what := self.commands[place]:
                again = self._run(self.play.sweep(interaction_id=place + 1, **what))
            else:
                again = self._run(self.play.train(place + 1))
            assert again == self.accepted[place]

    @precondition(lambda self: any(self.commands))
    @rule(which=number, trial=st.integers(0, 2))
    def stop_one_trial(self, which: int, trial: int) -> None:
        sweeps = [sweep_id for sweep_id, what in zip(self.accepted, self.commands, strict=True) if what]
        sweep_id = sweeps[which % len(sweeps)]
        with suppress(SignalboxError):
            self._run(self.play.alive(lambda bot: bot.one_trial.stop(sweep_id, trial, MIKA)))

    @precondition(lambda self: self.accepted)
    @rule(which=number)
    def click_stop(self, which: int) -> None:
        with suppress(SignalboxError):
            self._run(self.play.click_stop(self._accepted(which)))

    # ---- AWS ---------------------------------------------------------------------------------------------
    @precondition(lambda self: self._jobs_in(*WAITING))
    @rule(which=number, state=st.sampled_from([JobState.RUNNABLE, JobState.STARTING, JobState.RUNNING]))
    def a_job_moves_on(self, which: int, state: JobState) -> None:
        engine_id = self._pick(which, *WAITING)
        if state is JobState.RUNNING:
            self.world.run(engine_id)
        else:
            self.world.move(engine_id, state, *self.world.engine.jobs[engine_id].attempts)

    @precondition(lambda self: self._jobs_in(JobState.RUNNING))
    @rule(which=number, how=st.sampled_from(["done", "failed", "reclaimed"]))
    def an_attempt_ends(self, which: int, how: str) -> None:
        engine_id = self._pick(which, JobState.RUNNING)
        if how == "done":
            self._leaves_metrics(engine_id)
            self.world.end(engine_id, JobState.SUCCEEDED, 0)
        elif how == "failed":
            self.world.end(engine_id, JobState.FAILED, 1, "Essential container in task exited")
        else:
            self.world.end(engine_id, JobState.RUNNABLE, None, "Host EC2 (instance i-1) terminated.")

    @precondition(lambda self: self._jobs_in(JobState.RUNNING))
    @rule(which=number, count=st.integers(1, 4), readable_in=st.sampled_from([0.0, 3.0, 8.0, 40.0, 90.0]))
    def a_job_prints(self, which: int, count: int, readable_in: float) -> None:
        engine_id = self._pick(which, JobState.RUNNING)
        first = self.printed[engine_id]
        self.printed[engine_id] += count
        lines = [f"{engine_id} line {line}." for line in range(first, first + count)]
        stream = self.world.engine.jobs[engine_id].last.log_stream
        self.world.said(*lines, stream=stream or "", readable_in=readable_in)

    @precondition(lambda self: self.world.events.hints)
    @rule(how=st.sampled_from(["again", "lost", "turned round"]))
    def events_go_astray(self, how: str) -> None:
        hints = self.world.events.hints
        if how == "again":
            hints.append(Hint(hints[-1].engine_id, f"again-{len(hints)}"))
        elif how == "lost":
            self.world.events.acknowledged.append(hints[-1].receipt)
        else:
            hints.reverse()

    @rule(engine_id=st.sampled_from(["", "foreign"]))
    def a_strange_event_comes(self, engine_id: str) -> None:
        self.world.events.hints.append(Hint(engine_id, f"strange-{len(self.world.events.hints)}"))

    # ---- what goes wrong ---------------------------------------------------------------------------------
    @rule(call=st.sampled_from(CALLS), times=st.integers(1, 3), after=st.booleans())
    def answers_are_lost(self, call: str, times: int, after: bool) -> None:
        self.play.faults += [Fault(call, Unavailable("the connection was reset"), after)] * times

    @rule(call=st.sampled_from(CALLS), times=st.integers(1, 3))
    def calls_are_throttled(self, call: str, times: int) -> None:
        self.play.faults += [Fault(call, Throttled("too many"))] * times

    @rule(gates=st.integers(1, 12))
    def the_bot_will_be_cut(self, gates: int) -> None:
        self.play.gates.cut_at = len(self.play.gates.names) + gates

    @rule()
    def the_bot_is_killed(self) -> None:
        self._run(self.play.restart())

    # ---- time --------------------------------------------------------------------------------------------
    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 25.0, 100.0, 7200.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(self.play.turn(seconds))

    @rule(ahead=st.sampled_from([0.0, -3600.0, 1800.0]))
    def somebody_sets_the_clock(self, ahead: float) -> None:
        """Never back by as much as has passed meanwhile: that nobody can tell from no time at all."""
        self.world.bot_clock.ahead = ahead

    # ---- what must hold ----------------------------------------------------------------------------------
    @invariant()
    def at_most_one_live_job_a_command(self) -> None:
        jobs = {engine_id: job for engine_id, job in self.world.engine.jobs.items() if ":" not in engine_id}
        live = Counter(job.name for job in jobs.values() if not job.state.terminal)
        assert all(count == 1 for count in live.values()), f"doubled: {live}"

    @invariant()
    def each_part_of_a_sweep_is_submitted_once_and_no_trial_by_two(self) -> None:
        calls = [call for call in self.world.engine.submissions if "SWEEP" in call.environment]
        assert all(count == 1 for count in Counter(call.name for call in calls).values())
        trials = Counter((sweep_id, number) for call in calls for sweep_id, number in _trials(call.environment))
        assert all(count == 1 for count in trials.values()), f"doubled: {trials}"

    @invariant()
    def no_message_twice_and_each_lane_in_order(self) -> None:
        posts = [message.post for message in self.world.chat.messages]
        assert all(count == 1 for count in Counter(post.new.key for post in posts).values())
        for lane in {(post.new.job_id, post.new.lane) for post in posts}:
            ids = [post.id for post in posts if (post.new.job_id, post.new.lane) == lane]
            assert ids == sorted(ids)

    def teardown(self) -> None:
        try:
            self._all_is_well_in_the_end()
        finally:
            self._run(self._playing.__aexit__(None, None, None))
            self._runner.close()
            self._folder.cleanup()

    def _all_is_well_in_the_end(self) -> None:
        """Nothing goes wrong any more, the jobs run into their time limits, and time passes."""
        self.play.faults.clear()
        self.play.gates.cut_at = -1
        for _ in range(12):
            self._run(self.play.turn(15))
        for _ in range(MOST_ROUNDS):
            for engine_id in self._jobs_in(*WAITING):
                self.world.run(engine_id)
            for engine_id in self._jobs_in(JobState.RUNNING):
                self.world.end(engine_id, JobState.FAILED, 137, "Job attempt duration exceeded timeout")
            self._run(self.play.settle())
            if not self._jobs_in(*WAITING):
                break
        store = self.play.bot.store
        assert not self._run(store.unfinished()), "something stays pending"
        assert not self._run(store.pending_posts()), "something stays unsaid"
        for job_id in self.accepted:
            self._settled(self._run(self.play.bot.job(job_id)))

    def _settled(self, job: Job) -> None:
        posts = [m.post.new for m in self.world.chat.messages if m.post.new.job_id == job.id]
        kinds = Counter(post.kind for post in posts)
        assert (kinds[PostKind.CARD], kinds[PostKind.THREAD], kinds[PostKind.END]) == (1, 1, 1)
        if isinstance(job, Sweep):
            (end,) = [post for post in posts if post.kind is PostKind.END]
            (table,) = [file.content.decode() for file in end.files if file.name.endswith(".csv")]
            self._swept(job, list(csv.DictReader(io.StringIO(table))))
            return
        if job.execution.engine_id is None:
            assert job.execution.reason is EndReason.STOPPED
            return
        assert job.execution.state is self.world.engine.jobs[job.execution.engine_id].state
        lines = [f"{job.execution.engine_id} line {line}." for line in range(self.printed[job.execution.engine_id])]
        if lines:
            archived = self.world.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode()
            assert sorted(archived.splitlines()) == sorted(lines)
            thread = "\n".join(post.text for post in posts if post.kind is PostKind.LOG)
            assert all(thread.count(line) == 1 for line in lines)

    def _swept(self, sweep: Sweep, rows: list[dict[str, str]]) -> None:
        """Every trial is counted, and in the table once with what it left; of a retry, or in the sweep before."""
        counted = sum(sweep.tally.counts.values())
        assert counted == sweep.plan.trials or (
            counted == len(rows) == 0 and sweep.execution.reason is EndReason.STOPPED
        )
        assert len({row["trial"] for row in rows}) == len(rows)
        told = {row["trial"]: float(row["val_accuracy"] or "nan") for row in rows}
        for (sweep_id, trial), value in self.left.items():
            if sweep_id == sweep.id:
                assert told[f"{sweep_id}.{trial}"] == float(value)

    def _asked(self, job_id: str, what: dict[str, Any] | None = None) -> None:
        self.accepted.append(job_id)
        self.commands.append(what or {})

    def _leaves_metrics(self, engine_id: str) -> None:
        """Each trial another value."""
        parent, _, index = engine_id.partition(":")
        environment = dict(self.world.engine.jobs[parent].environment)
        if "SWEEP" not in environment:
            self.world.artifacts.objects[f"{environment['OUTPUT_URI']}metrics.csv"] = CSV
            return
        sweep_id, trial = _trials(environment)[int(index or 0)]
        self.left[sweep_id, trial] = value = f"{90 + len(self.left) / 100}"
        uri = f"s3://bucket/jobs/{sweep_id}/{trial}/metrics.csv"
        self.world.artifacts.objects[uri] = f"epoch,val_accuracy\n1,{value}\n".encode()

    def _run(self, work):  # type: ignore[no-untyped-def]
        return self._runner.run(work)

    def _accepted(self, which: int) -> str:
        return self.accepted[which % len(self.accepted)]

    def _jobs_in(self, *states: JobState) -> list[str]:
        """What moves by itself: an array's state follows from its children's."""
        jobs = self.world.engine.jobs
        return [each for each, job in jobs.items() if job.state in states and f"{each}:0" not in jobs]

    def _pick(self, which: int, *states: JobState) -> str:
        found = self._jobs_in(*states)
        return found[which % len(found)]


def _trials(environment: Mapping[str, str]) -> list[tuple[str, int]]:
    """Of one SubmitJob call, by array index."""
    sweep_id, _, alone = environment["JOB_ID"].partition(".")
    numbers = alone or json.loads(environment["SWEEP_SPACE"])["numbers"]
    return [(sweep_id, number) for number in expanded(numbers)]


class SomeOrders(AnyOrder):
    """The few of `make test`."""


TestAnyOrder = AnyOrder.TestCase
TestSomeOrders = SomeOrders.TestCase
THOROUGH = settings.get_current_profile_name() == "thorough"
TestAnyOrder.settings = settings(
    max_examples=3_000 if THOROUGH else 60,
    derandomize=not THOROUGH,
    stateful_step_count=40,
    report_multiple_bugs=False,
)
TestSomeOrders.settings = settings(TestAnyOrder.settings, max_examples=10, derandomize=True)
TestAnyOrder.pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(3600)]  # a failure is made small first
TestSomeOrders.pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
