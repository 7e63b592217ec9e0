"""The guard over the trials of sweeps."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.guard.signs import Condition
from bot.domain.guard.watch import WHOLE
from bot.domain.model.states import JobState
from bot.domain.posts import Change, PostKind
from bot.errors import NotAllowed
from bot.ports.artifacts import Artifact
from bot.ports.store import Store
from tests.bot.services.guard.life import MINUTE, PASS
from tests.support.services import MIKA, NOOR, Bot, Outside
from tests.support.sweeps import run_child
from trainer.contract import format_metrics


class SweepLife:
    """A sweep of four trials in one array, with the guard beside it."""

    def __init__(self, bot: Bot, outside: Outside) -> None:
        self.bot, self.outside, self.sweep_id = bot, outside, ""
        outside.artifacts.list = self._files  # type: ignore[method-assign]

    async def _files(self, prefix_uri: str) -> list[Artifact]:
        return []

    async def begin(self, text: str = "lr=0.1,0.01 m=0.5,0.1", **options: object) -> None:
        proposal = await self.bot.sweep(text, **options)
        self.sweep_id = proposal.sweep.id
        await self.bot.turn()

    async def patient(self) -> None:
        """No time limit ends the trials first."""
        await self.bot.store.change(
            self.sweep_id, lambda sweep: Change(replace(sweep, run=replace(sweep.run, timeout_seconds=86_400)))
        )

    async def run(self, *numbers: int) -> None:
        for number in numbers:
            run_child(self.outside, f"batch-1:{number}")
        await self.patient()
        await self.look()

    async def minutes(self, count: float, *speakers: int, row: str = "epoch") -> None:
        for number in range(round(count * MINUTE)):
            self.outside.clock.tick(PASS)
            for speaker in speakers if number % MINUTE == 0 else ():
                self.outside.logs.write(f"stream/batch-1:{speaker}", row, at=self.outside.clock())
            await self.look()
        await self.bot.tell()

    async def look(self) -> None:
        for service in (self.bot.track_jobs, self.bot.track_trials, self.bot.stream_metrics, self.bot.watch_sweeps):
            await service.once()

    async def standing(self) -> list[tuple[Condition, tuple[int, ...]]]:
        sweep = await self.bot.swept(self.sweep_id)
        return [(each.condition, each.trials) for each in sweep.watch.warned]

    def warnings(self) -> list[str]:
        return self.bot.said(PostKind.WARNING)


@pytest.fixture
def sweeps(bot: Bot, outside: Outside) -> SweepLife:
    return SweepLife(bot, outside)


async def test_silent_trials_share_a_warning_and_are_stopped_while_the_others_go_on(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1, 2, 3)
    await sweeps.minutes(31, 0, 3)
    assert await sweeps.standing() == [(Condition.SILENT, (1, 2))]
    (warning,) = sweeps.warnings()
    assert "2 trials of" in warning
    await sweeps.minutes(2, 0, 2, 3)
    assert await sweeps.standing() == [(Condition.SILENT, (1,))]
    assert f"{sweeps.sweep_id}.2: there are signs of life again" in sweeps.bot.said(PostKind.NOTE)[-1]
    await sweeps.minutes(29, 0, 2, 3)
    trials = await sweeps.bot.trials.all(sweeps.sweep_id)
    assert [trials[number].stop_by for number in range(4)] == [None, "the guard", None, None]
    assert trials[1].stop_why == "silent for 60 min"
    await sweeps.bot.prune.once()
    assert sweeps.outside.engine.terminated == ["batch-1:1"]
    assert await sweeps.standing() == []
    assert (await sweeps.bot.swept(sweeps.sweep_id)).execution.stop is None
    entries = await sweeps.bot.store.audit_chain(1, 100)
    assert [each.fields["why"] for each in entries if each.fields["does"] == "stop"] == ["silent for 60 min"]


async def test_a_trial_whose_loss_is_not_finite_is_warned_of_by_its_number(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1)
    await sweeps.minutes(3, 0, 1, row=format_metrics({"epoch": 1, "train_loss": 0.5}))
    bad = format_metrics({"epoch": 2, "train_loss": float("nan")})
    await sweeps.minutes(5, 1, row=bad)
    assert await sweeps.standing() == [(Condition.LOSS_NOT_FINITE, (1,))]
    assert f"**{sweeps.sweep_id}.1** needs a look" in sweeps.warnings()[0]


async def test_trials_that_follow_within_minutes_do_not_make_a_message_each(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0)
    await sweeps.minutes(2)
    await sweeps.run(1)
    await sweeps.minutes(1)
    await sweeps.run(2)
    await sweeps.minutes(28)
    assert await sweeps.standing() == [(Condition.SILENT, (0,))]
    await sweeps.minutes(5)
    assert await sweeps.standing() == [(Condition.SILENT, (0,)), (Condition.SILENT, (1, 2))]
    assert len(sweeps.warnings()) == 2


async def test_a_trial_beyond_its_time_limit_is_ended_also_where_its_log_is_not_read(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1)
    del sweeps.outside.logs.streams["stream/batch-1:1"]
    await sweeps.bot.store.change(
        sweeps.sweep_id, lambda sweep: Change(replace(sweep, run=replace(sweep.run, timeout_seconds=600)))
    )
    await sweeps.minutes(19, 0)
    assert (await sweeps.bot.trials.all(sweeps.sweep_id))[1].stop_by is None
    await sweeps.minutes(3, 0)
    assert (await sweeps.bot.trials.all(sweeps.sweep_id))[1].stop_why.startswith("beyond its time limit")


async def test_a_sweep_that_gets_no_machine_is_warned_of_and_stopped_as_a_whole(sweeps: SweepLife) -> None:
    await sweeps.begin()
    project = sweeps.bot.watch_sweeps._projects["mnist"]
    limits = replace(project.guard, waiting_seconds=1_800.0)
    sweeps.bot.watch_sweeps._projects = {"mnist": replace(project, guard=limits)}
    for number in range(4):
        sweeps.outside.engine.move(f"batch-1:{number}", JobState.RUNNABLE)
    await sweeps.minutes(29)
    assert await sweeps.standing() == []
    await sweeps.minutes(2)
    assert await sweeps.standing() == [(Condition.NO_MACHINE, (WHOLE,))]
    await sweeps.minutes(31)
    stop = (await sweeps.bot.swept(sweeps.sweep_id)).execution.stop
    assert stop is not None
    assert stop.why.startswith("without a machine")


async def test_a_queue_in_which_some_trials_run_is_not_stuck(sweeps: SweepLife) -> None:
    await sweeps.begin()
    project = sweeps.bot.watch_sweeps._projects["mnist"]
    limits = replace(project.guard, waiting_seconds=1_800.0)
    sweeps.bot.watch_sweeps._projects = {"mnist": replace(project, guard=limits)}
    await sweeps.run(0)
    for number in range(1, 4):
        sweeps.outside.engine.move(f"batch-1:{number}", JobState.RUNNABLE)
    await sweeps.minutes(60, 0)
    assert sweeps.warnings() == []


async def test_a_restart_keeps_warnings_and_their_grace_and_says_nothing_twice(
    sweeps: SweepLife, store: Store, tmp_path: Path
) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1)
    await sweeps.minutes(40, 0)
    sweeps.bot = Bot(sweeps.outside, store, tmp_path)
    await sweeps.minutes(15, 0)
    assert await sweeps.standing() == [(Condition.SILENT, (1,))]
    await sweeps.minutes(10, 0)
    assert (await sweeps.bot.trials.all(sweeps.sweep_id))[1].stop_by == "the guard"
    assert len(sweeps.warnings()) == 1


async def test_people_leave_or_stop_the_trials_that_a_warning_is_about(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1, 2)
    await sweeps.minutes(31, 0)
    for answer in (sweeps.bot.answer_guard.leave, sweeps.bot.answer_guard.stop):
        with pytest.raises(NotAllowed):
            await answer(sweeps.sweep_id, NOOR)
    assert await sweeps.bot.answer_guard.stop(sweeps.sweep_id, MIKA) == f"{sweeps.sweep_id}.1 and 1 more"
    trials = await sweeps.bot.trials.all(sweeps.sweep_id)
    assert [trials[number].stop_by for number in range(3)] == [None, "mika", "mika"]


async def test_trials_that_were_left_are_not_warned_of_again(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0, 1)
    await sweeps.minutes(31, 0)
    await sweeps.bot.answer_guard.leave(sweeps.sweep_id, MIKA)
    await sweeps.minutes(40, 0)
    assert await sweeps.standing() == []
    assert len(sweeps.warnings()) == 1


async def test_a_trial_that_never_starts_while_others_run_is_warned_of_and_ended(sweeps: SweepLife) -> None:
    """Its machine is billed meanwhile."""
    await sweeps.begin()
    await sweeps.run(0, 1)
    sweeps.outside.engine.move("batch-1:2", JobState.STARTING)
    await sweeps.minutes(29, 0, 1)
    assert await sweeps.standing() == []
    await sweeps.minutes(3, 0, 1)
    assert await sweeps.standing() == [(Condition.NOT_STARTING, (2,))]
    await sweeps.minutes(31, 0, 1)
    trials = await sweeps.bot.trials.all(sweeps.sweep_id)
    assert [number for number, trial in trials.items() if trial.stop_by == "the guard"] == [2]
    await sweeps.bot.prune.once()
    assert sweeps.outside.engine.terminated == ["batch-1:2"]
    assert (await sweeps.bot.swept(sweeps.sweep_id)).execution.stop is None


async def test_a_trial_that_starts_late_is_well_again(sweeps: SweepLife) -> None:
    await sweeps.begin()
    await sweeps.run(0)
    sweeps.outside.engine.move("batch-1:2", JobState.STARTING)
    await sweeps.minutes(32, 0)
    assert await sweeps.standing() == [(Condition.NOT_STARTING, (2,))]
    await sweeps.run(2)
    await sweeps.minutes(2, 0, 2)
    assert await sweeps.standing() == []
    assert (await sweeps.bot.trials.all(sweeps.sweep_id))[2].stop_by is None


async def test_a_starting_trial_that_waits_for_a_machine_again_is_no_longer_counted(sweeps: SweepLife) -> None:
    """Its host was taken back."""
    await sweeps.begin()
    await sweeps.run(0)
    sweeps.outside.engine.move("batch-1:2", JobState.STARTING)
    await sweeps.minutes(20, 0)
    sweeps.outside.engine.move("batch-1:2", JobState.RUNNABLE)
    await sweeps.minutes(20, 0)
    assert await sweeps.standing() == []


async def test_a_sweep_that_is_left_while_it_starts_is_ended_by_the_time_limit_of_a_trial(
    sweeps: SweepLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = sweeps.bot.core.projects["mnist"]
    without = replace(project, guard=replace(project.guard, starting_seconds=0.0))
    monkeypatch.setitem(sweeps.bot.core.projects, "mnist", without)  # type: ignore[arg-type]
    await sweeps.begin()
    sweeps.outside.engine.move("batch-1:0", JobState.STARTING)
    await sweeps.bot.store.change(
        sweeps.sweep_id, lambda sweep: Change(replace(sweep, run=replace(sweep.run, timeout_seconds=1_200)))
    )
    await sweeps.minutes(29)
    assert (await sweeps.bot.swept(sweeps.sweep_id)).execution.stop is None
    await sweeps.minutes(3)
    stop = (await sweeps.bot.swept(sweeps.sweep_id)).execution.stop
    assert stop is not None
    assert stop.why.startswith("beyond its time limit")
