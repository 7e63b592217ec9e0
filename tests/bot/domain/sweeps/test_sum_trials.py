"""A sweep's trials, summed up."""

from dataclasses import replace
from statistics import stdev

import pytest

from bot.domain.goal import Goal
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.sweeps.sum_trials import alike, tally
from tests.bot.domain.sweeps.plans import PLAN, SPACE


def good(number: int, value: float | None, epoch: int = 3) -> Trial:
    return Trial(
        number,
        state=JobState.SUCCEEDED,
        reason=EndReason.SUCCEEDED,
        started_at=100.0,
        ended_at=160.0,
        value=value,
        epoch=epoch,
        measured=True,
    )


def failed(number: int, detail: str, reason: EndReason = EndReason.COMMAND_FAILED, exit_code: int | None = 1) -> Trial:
    return Trial(number, state=JobState.FAILED, reason=reason, detail=detail, exit_code=exit_code)


def running(number: int, *reports: tuple[int, float], epochs: int | None = 10) -> Trial:
    best = max((value for _, value in reports), default=None)
    return Trial(number, state=JobState.RUNNING, started_at=100.0, value=best, reports=reports, epochs=epochs)


def summed(*trials: Trial, plan: Plan = PLAN, now: float = 200.0, maximize: bool = True) -> Tally:
    return tally(plan, trials, now, Goal("score", maximize=maximize))


def test_trials_whose_results_are_not_all_stored_are_counted() -> None:
    lost = [replace(good(number, 90.0), detail="not stored: model.pt (gone)") for number in (2, 4)]
    found = summed(good(0, 90.0), *lost, failed(5, "not stored: model.pt (gone)"))
    assert (found.incomplete, found.first_incomplete) == (2, 2)
    assert (summed(good(0, 90.0)).incomplete, summed().first_incomplete) == (0, None)


class TestCounts:
    def test_unknown_trial_waits(self) -> None:
        assert summed().counts == {TrialState.WAITING: 6}
        assert summed(Trial(4, state=JobState.RUNNABLE)).counts == {TrialState.WAITING: 6}

    def test_each_state_is_counted(self) -> None:
        stopped = failed(4, "", EndReason.STOPPED)
        pruned = replace(stopped, number=5, pruned_at=150.0)
        counts = summed(good(0, 90.0), good(1, None), running(2), failed(3, "no"), stopped, pruned).counts
        assert counts == dict.fromkeys((state for state in TrialState if state is not TrialState.WAITING), 1)

    def test_they_add_up_to_the_plan(self) -> None:
        told = summed(good(0, 90.0), running(2), failed(3, "no"))
        assert (sum(told.counts.values()), told.ended) == (6, 2)


class TestLeaders:
    def test_the_best_come_first_with_their_points(self) -> None:
        leaders = summed(good(0, 90.0), good(1, 95.5), running(3, (1, 80.0), (2, 92.0))).leaders
        assert [(each.number, each.value) for each in leaders] == [(1, 95.5), (3, 92.0), (0, 90.0)]
        assert leaders[0] == Leader(1, 95.5, {"lr": 0.1, "momentum": 0.1}, None, 3)

    def test_the_least_is_the_best_where_the_metric_is_a_loss(self) -> None:
        assert [each.number for each in summed(good(0, 0.3), good(1, 0.1), maximize=False).leaders] == [1, 0]

    def test_of_equals_the_first_leads(self) -> None:
        assert [each.number for each in summed(good(1, 90.0), good(4, 90.0)).leaders] == [1, 4]

    def test_five_at_most(self) -> None:
        assert [each.number for each in summed(*(good(n, float(n)) for n in range(6))).leaders] == [5, 4, 3, 2, 1]

    def test_a_point_that_a_sampler_chose_is_taken_as_it_is(self) -> None:
        chosen = replace(good(0, 90.0), parameters={"lr": 0.02, "momentum": 0.3, "epochs": 5})
        assert summed(chosen, plan=replace(PLAN, search=Search.TPE)).leaders[0].parameters == {
            "lr": 0.02,
            "momentum": 0.3,
        }
        assert summed(chosen).leaders[0].parameters == {"lr": 0.1, "momentum": 0.5}

    @pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
    def test_what_has_no_number_does_not_lead(self, value: float | None) -> None:
        assert summed(good(0, value)).leaders == ()

    def test_what_failed_does_not_lead(self) -> None:
        assert summed(replace(failed(0, "no"), value=99.0)).leaders == ()

    def test_what_was_stopped_early_may_lead(self) -> None:
        pruned = replace(failed(0, "", EndReason.STOPPED), value=80.0, pruned_at=150.0)
        assert [each.number for each in summed(pruned).leaders] == [0]


class TestFolds:
    PLAN = Plan("lr=0.1,0.01", Space(SPACE.axes, {**SPACE.encoded, "folds": 3}), Search.GRID, trials=18, folds=3)

    def test_a_point_is_the_mean_of_its_folds(self) -> None:
        values = (90.0, 92.0, 97.0)
        folds = [good(3 + fold, value) for fold, value in enumerate(values)]
        (leader,) = summed(*folds, plan=self.PLAN).leaders
        assert leader == Leader(3, 93.0, {"lr": 0.1, "momentum": 0.1}, stdev(values), None)

    def test_a_point_leads_when_all_of_its_folds_are_there(self) -> None:
        whole = [good(fold, 80.0) for fold in range(3)]
        half = [good(3 + fold, 99.0) for fold in range(2)]
        runs = running(5, (1, 99.0))
        assert [each.number for each in summed(*whole, *half, runs, plan=self.PLAN).leaders] == [0]


class TestFailures:
    def test_like_failures_are_one(self) -> None:
        lost = [failed(n, f"Host EC2 (instance i-0{n}ab34cd56ef) terminated.", EndReason.HOST_LOST) for n in (1, 2, 5)]
        (failure,) = summed(*lost).failures
        assert failure == Failure(EndReason.HOST_LOST, lost[0].detail, 3, (1, 2, 5))

    def test_the_most_frequent_is_told_first(self) -> None:
        told = summed(failed(0, "no such file"), failed(1, "out of memory"), failed(2, "out of memory")).failures
        assert [(each.detail, each.count) for each in told] == [("out of memory", 2), ("no such file", 1)]

    def test_reasons_and_exit_codes_tell_them_apart(self) -> None:
        three = failed(0, ""), failed(1, "", exit_code=2), failed(2, "", EndReason.TIMED_OUT)
        assert [each.count for each in summed(*three).failures] == [1, 1, 1]

    def test_the_first_five_are_named(self) -> None:
        many = Plan("", SPACE, Search.RANDOM, 100)
        (failure,) = summed(*(failed(n, f"seed {n} diverged") for n in range(60)), plan=many).failures
        assert (failure.count, failure.numbers) == (60, (0, 1, 2, 3, 4))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("exit code 1", "exit code 137"),
            ("lr 1e-5 gave nan", "lr 0.25 gave nan"),
            ("at 0x7f3a00", "at 0xdeadbeef"),
            ("commit 08adfc5 is gone", "commit c58a60b is gone"),
        ],
    )
    def test_numbers_and_ids_do_not_matter(self, one: str, other: str) -> None:
        assert alike(one) == alike(other)

    def test_words_do(self) -> None:
        assert alike("no module named torch") != alike("no module named numpy")
        assert alike("defaced") == "defaced"


class TestTime:
    def test_ended_ones_and_those_that_run_up_to_now(self) -> None:
        assert summed(good(0, 90.0), running(1), now=130.0).seconds == 60 + 30

    def test_what_was_saved_is_by_the_trials_own_pace(self) -> None:
        pruned = replace(
            running(0, (1, 50.0), (4, 60.0)),
            state=JobState.FAILED,
            reason=EndReason.STOPPED,
            ended_at=180.0,
            pruned_at=170.0,
            saved_epochs=6,
        )
        assert summed(pruned).saved_seconds == pytest.approx(6 * 80 / 4)
        assert summed(replace(pruned, pruned_at=None)).saved_seconds == 0

    def test_progress_counts_epochs_of_what_runs(self) -> None:
        told = summed(good(0, 90.0), failed(1, ""), running(2, (1, 5.0), (5, 6.0)), running(3, (7, 1.0), epochs=None))
        assert told.progress == pytest.approx((2 + 0.5) / 6)

    def test_progress_ends_at_one(self) -> None:
        assert summed(*(good(n, 1.0) for n in range(6))).progress == 1
        assert summed(running(0, (12, 1.0), epochs=10)).progress == pytest.approx(1 / 6)
