"""Costs follow from the quote and the machine time, by attempt and by machine."""

from dataclasses import replace

import pytest

from bot.domain.model.observation import Attempt
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
