"""What a row has spent and may still spend follows from the row alone."""

from dataclasses import replace

import pytest

from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from bot.domain.spending.ledger import spending
from tests.bot.adapters.sqlite.sweeps import PLAN
from tests.support.jobs import make_job, make_sweep, quote
from tests.support.rows import changed

HALF = Attempt("a", 100.0, 1_900.0)
"""Half an hour."""


def test_a_job_that_has_not_begun_reserves_all_that_it_was_quoted() -> None:
    found = spending(make_job(quote=quote(6.0, attempts=2)))
    assert (found.places, found.spent_usd, found.reserved_usd) == (1, 0.0, 12.0)


def test_spent_and_reserved_are_together_the_most_while_it_lives() -> None:
    job = make_job(quote=quote(6.0, attempts=2), state=JobState.RUNNING)
    found = spending(changed(job, attempts=(HALF, Attempt("b", 2_000.0)), attempts_ended=1))
    assert (found.spent_usd, found.reserved_usd) == (3.0, 9.0)


def test_an_ended_job_has_spent_its_time_and_reserves_nothing() -> None:
    job = make_job(quote=quote(6.0, billed_seconds=360.0), state=JobState.FAILED, reason=EndReason.STOPPED)
    found = spending(changed(job, attempts=(HALF,), ended_at=1_900.0))
    assert (found.places, found.seconds, found.machines, found.reserved_usd) == (0, 1_800.0, 1, 0.0)
    assert found.spent_usd == pytest.approx(3.6)


def test_a_job_that_never_had_a_machine_has_spent_nothing() -> None:
    job = make_job(quote=quote(6.0, billed_seconds=360.0), state=JobState.FAILED, reason=EndReason.NOT_APPROVED)
    found = spending(changed(job, ended_at=9_000.0))
    assert (found.spent_usd, found.reserved_usd) == (0.0, 0.0)


def test_a_lost_job_has_spent_all_the_time_since_it_was_asked_for_and_at_most_what_it_was_allowed() -> None:
    job = make_job(quote=quote(6.0, attempts=2), state=JobState.FAILED, reason=EndReason.LOST, created_at=1_000.0)
    assert spending(changed(job, ended_at=2_800.0)).spent_usd == 3.0
    assert spending(changed(job, ended_at=999_999.0)).spent_usd == 12.0


def test_a_sweep_reserves_what_its_trials_without_an_end_may_cost() -> None:
    sweep = make_sweep(replace(PLAN, trials=4), quote=quote(8.0, runs=4))
    assert (spending(sweep).spent_usd, spending(sweep).reserved_usd, spending(sweep).places) == (0.0, 8.0, 4)
    counts = {TrialState.SUCCEEDED: 2, TrialState.RUNNING: 1, TrialState.WAITING: 1}
    found = spending(changed(sweep, tally=Tally(counts, seconds=2_700.0, saved_seconds=60.0)))
    assert (found.spent_usd, found.reserved_usd, found.places) == (1.5, 4.0, 2)
    assert (found.machines, found.saved_seconds) == (3, 60.0)


def test_a_sweep_takes_the_places_that_it_may_use_at_once() -> None:
    assert spending(make_sweep(replace(PLAN, trials=40, parallel=3))).places == 3


def test_trials_of_an_earlier_sweep_are_not_paid_a_second_time() -> None:
    plan = replace(PLAN, trials=4, carried_over=3)
    found = spending(make_sweep(plan, quote=quote(2.0), tally=Tally({TrialState.SUCCEEDED: 3, TrialState.WAITING: 1})))
    assert (found.spent_usd, found.reserved_usd, found.machines, found.places) == (0.0, 2.0, 0, 1)


def test_without_a_quote_the_sums_are_unknown() -> None:
    found = spending(make_job())
    assert (found.places, found.spent_usd, found.reserved_usd) == (1, None, None)
