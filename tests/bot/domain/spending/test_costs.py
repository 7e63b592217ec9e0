"""Costs follow from the quote and the machine time, by attempt and by machine."""

from dataclasses import replace

import pytest

from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from bot.domain.money.quote import Quote
from bot.domain.spending.costs import Spent, lost, quote_of, spent
from tests.bot.chat.jobs import PRICED, PROJECT, a_job, a_sweep, changed

QUOTE = Quote(7.2, 3_600, usual_usd_per_hour=3.6, billed_seconds=100.0, attempts=3)
FIRST, SECOND = Attempt("a", 1_000.0, 1_400.0), Attempt("b", 2_000.0, 2_500.0, exit_code=0)


def test_waiting_job_has_cost_nothing() -> None:
    job = changed(a_job(), state=JobState.RUNNABLE, started_at=None)
    assert spent(job) == Spent()
    assert spent(job).usd(QUOTE) == 0


def test_each_attempt_is_billed_beyond_its_own_time() -> None:
    job = changed(a_job(), attempts=(FIRST, SECOND), state=JobState.SUCCEEDED, ended_at=2_500.0)
    assert spent(job) == Spent(900.0, 2)
    assert spent(job).usd(QUOTE) == pytest.approx(1.1)
    assert lost(job) == Spent(400.0, 1)


def test_a_last_attempt_without_its_machine_is_lost_too() -> None:
    ended = {"state": JobState.FAILED, "ended_at": 2_500.0}
    job = changed(a_job(), attempts=(FIRST, SECOND), reason=EndReason.HOST_LOST, **ended)
    assert lost(job) == Spent(900.0, 2)
    assert lost(changed(job, reason=EndReason.COMMAND_FAILED)) == Spent(400.0, 1)


def test_running_job_counts_up_to_its_last_metrics() -> None:
    job = changed(a_job(), state=JobState.RUNNING, started_at=1_000.0, last_at=1_600.0, ended_at=None, attempts=())
    assert spent(job) == Spent(600.0, 1)


def test_a_machine_on_which_the_container_never_started_has_cost_something() -> None:
    def seen(state: JobState, *attempts: Attempt) -> Observation:
        return Observation("batch-1", "name", state, attempts=attempts)

    waiting = changed(a_job(), state=JobState.RUNNABLE, started_at=None, attempts=(), attempts_ended=0)
    starting = waiting.observed(seen(JobState.STARTING, Attempt()), 1_000.0)
    assert spent(starting) == Spent(), "what it costs is reserved meanwhile"
    stopped = Attempt(stopped_at=2_200.0, reason="Stopped")
    assert spent(starting.observed(seen(JobState.FAILED, stopped), 2_230.0)) == Spent(1_200.0, 1)
    assert spent(starting.observed(seen(JobState.FAILED), 2_230.0)) == Spent(1_230.0, 1), "the engine keeps no attempt"
    again = starting.observed(seen(JobState.RUNNABLE, stopped), 2_230.0)
    ran = replace(stopped, started_at=3_000.0, stopped_at=3_500.0)
    assert spent(again.observed(seen(JobState.SUCCEEDED, stopped, ran), 3_600.0)) == Spent(1_700.0, 2)
    unseen = waiting.observed(seen(JobState.FAILED, stopped), 2_230.0)
    assert spent(unseen) == Spent(0.0, 1), "it had a machine, for as long as nobody knows"


def test_a_container_that_started_between_two_looks_is_billed_by_its_own_times() -> None:
    waiting = changed(a_job(), state=JobState.STARTING, started_at=None, attempts=(Attempt(),), state_since=900.0)
    ran = Attempt("a", 1_000.0, 1_400.0, exit_code=1)
    ended = Observation("batch-1", "name", JobState.FAILED, attempts=(ran,))
    assert spent(waiting.observed(ended, 1_500.0)) == Spent(400.0, 1)


def test_trials_share_the_machines_that_ran_them() -> None:
    tally = Tally({TrialState.SUCCEEDED: 5, TrialState.RUNNING: 2}, seconds=4_000.0)
    assert spent(a_sweep(tally, quote=replace(QUOTE, at_once=3))) == Spent(4_000.0, 3)
    assert spent(a_sweep(tally, quote=QUOTE)) == Spent(4_000.0, 7)
    assert spent(a_sweep(Tally(), quote=QUOTE)) == Spent()


def test_jobs_of_an_older_version_go_by_the_config() -> None:
    assert quote_of(a_job(), PROJECT) is None
    found = quote_of(a_job(), PRICED)
    assert found is not None
    assert found.usd_per_hour == 0.526
    own = quote_of(changed(a_job(), quote=QUOTE), PRICED)
    assert own == QUOTE
