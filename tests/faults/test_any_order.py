"""Commands, clicks, transitions, events, lines, faults, crashes and clocks in any order; the promises as invariants.

The same 60 orders each time; 3,000 new ones with `--hypothesis-profile=thorough`.
"""

import asyncio
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.job import Job
from bot.domain.posts import PostKind
from bot.domain.states import EndReason, JobState
from bot.errors import ServiceError, SignalboxError, Throttled, Unavailable
from bot.ports import Hint
from bot.services.submit import TrainRequest
from tests.bot.services.conftest import CHANNEL, NOOR
from tests.faults.gates import Fault
from tests.faults.stories import CSV
from tests.faults.world import MEMORY, Play, World

MOST_JOBS = 4
CALLS = (
    "Batch.submit",
    "Batch.find",
    "Batch.describe",
    "Batch.live",
    "Batch.terminate",
    "Logs.read",
    "Artifacts.read",
    "Artifacts.write",
    "Figures.draw",
    "Code.resolve",
    "Events.receive",
    "Events.acknowledge",
    "Chat.send",
    "Chat.sent",
    "Chat.show",
)
WAITING = (JobState.SUBMITTED, JobState.PENDING, JobState.RUNNABLE, JobState.STARTING)
number = st.integers(0, MOST_JOBS - 1)
"""Which of the jobs, counted round."""


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.accepted: list[str] = []
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
            self.accepted.append(self._run(self.play.train(len(self.accepted) + 1)))

    @precondition(lambda self: 0 < len(self.accepted) < MOST_JOBS)
    @rule(which=number)
    def retry(self, which: int) -> None:
        self.world.interaction = len(self.accepted) + 1
        request = TrainRequest(NOOR, CHANNEL, self.world.interaction)
        old = self._accepted(which)
        with suppress(ServiceError):
            self.accepted.append(self._run(self.play.alive(lambda bot: bot.submit.retry(old, request))).id)

    @precondition(lambda self: self.accepted)
    @rule(which=number)
    def the_same_command_comes_again(self, which: int) -> None:
        interaction = which % len(self.accepted) + 1
        with suppress(ServiceError):
            assert self._run(self.play.train(interaction)) == self._accepted(which)

    @precondition(lambda self: self.accepted)
    @rule(which=number)
    def click_stop(self, which: int) -> None:
        with suppress(SignalboxError):
            self._run(self.play.click_stop(self._accepted(which)))

    # ---- AWS ---------------------------------------------------------------------------------------------
    @precondition(lambda self: self._jobs_in(*WAITING))
    @rule(which=number, state=st.sampled_from([JobState.RUNNABLE, JobState.STARTING, JobState.RUNNING]))
    def a_job_moves_on(self, which: int, state: JobState) -> None:
        batch_id = self._pick(which, *WAITING)
        if state is JobState.RUNNING:
            self.world.run(batch_id)
        else:
            self.world.move(batch_id, state, *self.world.batch.jobs[batch_id].attempts)

    @precondition(lambda self: self._jobs_in(JobState.RUNNING))
    @rule(which=number, how=st.sampled_from(["done", "failed", "reclaimed"]))
    def an_attempt_ends(self, which: int, how: str) -> None:
        batch_id = self._pick(which, JobState.RUNNING)
        if how == "done":
            job_id = self.world.batch.jobs[batch_id].name.rsplit("-", 1)[-1]
            self.world.artifacts.objects[f"s3://bucket/jobs/{job_id}/metrics.csv"] = CSV
            self.world.end(batch_id, JobState.SUCCEEDED, 0)
        elif how == "failed":
            self.world.end(batch_id, JobState.FAILED, 1, "Essential container in task exited")
        else:
            self.world.end(batch_id, JobState.RUNNABLE, None, "Host EC2 (instance i-1) terminated.")

    @precondition(lambda self: self._jobs_in(JobState.RUNNING))
    @rule(which=number, count=st.integers(1, 4), readable_in=st.sampled_from([0.0, 3.0, 8.0, 40.0, 90.0]))
    def a_job_prints(self, which: int, count: int, readable_in: float) -> None:
        batch_id = self._pick(which, JobState.RUNNING)
        first = self.printed[batch_id]
        self.printed[batch_id] += count
        lines = [f"{batch_id} line {line}." for line in range(first, first + count)]
        stream = self.world.batch.jobs[batch_id].last.log_stream
        self.world.said(*lines, stream=stream or "", readable_in=readable_in)

    @precondition(lambda self: self.world.events.hints)
    @rule(how=st.sampled_from(["again", "lost", "turned round"]))
    def events_go_astray(self, how: str) -> None:
        hints = self.world.events.hints
        if how == "again":
            hints.append(Hint(hints[-1].batch_id, f"again-{len(hints)}"))
        elif how == "lost":
            self.world.events.acknowledged.append(hints[-1].receipt)
        else:
            hints.reverse()

    @rule(batch_id=st.sampled_from(["", "foreign"]))
    def a_strange_event_comes(self, batch_id: str) -> None:
        self.world.events.hints.append(Hint(batch_id, f"strange-{len(self.world.events.hints)}"))

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

    @rule(ahead=st.sampled_from([0.0, -3600.0, 3600.0]))
    def somebody_sets_the_clock(self, ahead: float) -> None:
        self.world.bot_clock.ahead = ahead

    # ---- what must hold ----------------------------------------------------------------------------------
    @invariant()
    def at_most_one_live_job_a_command(self) -> None:
        live = Counter(job.name for job in self.world.batch.jobs.values() if not job.state.terminal)
        assert all(count == 1 for count in live.values()), f"doubled: {live}"

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
        for batch_id in self._jobs_in(*WAITING):
            self.world.run(batch_id)
        for batch_id in self._jobs_in(JobState.RUNNING):
            self.world.end(batch_id, JobState.FAILED, 137, "Job attempt duration exceeded timeout")
        self._run(self.play.settle())
        store = self.play.bot.store
        assert not self._run(store.open_jobs()), "something stays pending"
        assert not self._run(store.pending_posts()), "something stays unsaid"
        for job_id in self.accepted:
            self._settled(self._run(self.play.bot.job(job_id)))

    def _settled(self, job: Job) -> None:
        posts = [m.post.new for m in self.world.chat.messages if m.post.new.job_id == job.id]
        kinds = Counter(post.kind for post in posts)
        assert (kinds[PostKind.CARD], kinds[PostKind.THREAD], kinds[PostKind.END]) == (1, 1, 1)
        if job.batch_id is None:
            assert job.reason is EndReason.STOPPED
            return
        assert job.state is self.world.batch.jobs[job.batch_id].state
        lines = [f"{job.batch_id} line {line}." for line in range(self.printed[job.batch_id])]
        if lines:
            archived = self.world.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode()
            assert sorted(archived.splitlines()) == sorted(lines)
            thread = "\n".join(post.text for post in posts if post.kind is PostKind.LOG)
            assert all(thread.count(line) == 1 for line in lines)

    def _run(self, work):  # type: ignore[no-untyped-def]
        return self._runner.run(work)

    def _accepted(self, which: int) -> str:
        return self.accepted[which % len(self.accepted)]

    def _jobs_in(self, *states: JobState) -> list[str]:
        return [batch_id for batch_id, job in self.world.batch.jobs.items() if job.state in states]

    def _pick(self, which: int, *states: JobState) -> str:
        found = self._jobs_in(*states)
        return found[which % len(found)]


TestAnyOrder = AnyOrder.TestCase
THOROUGH = settings.get_current_profile_name() == "thorough"
TestAnyOrder.settings = settings(
    max_examples=3_000 if THOROUGH else 60,
    derandomize=not THOROUGH,
    stateful_step_count=40,
    report_multiple_bugs=False,
)
TestAnyOrder.pytestmark = pytest.mark.timeout(1800)  # a failure is made small first
