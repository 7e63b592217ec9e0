"""Machines that a job and the jobs before it have lost, and where it is offered again."""

from dataclasses import replace

import pytest

from bot.domain.jobs.reclaims import moved_before, reclaims
from bot.domain.jobs.remedies import Limits, OnDemand, kept, mended, offer_for
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason
from bot.domain.remedy import Remedied, RemedyKind
from tests.support.jobs import make_job
from tests.support.rows import changed


def job(reason: EndReason, attempts: int, machine: str = "") -> Job:
    tries = tuple(Attempt(started_at=number * 100.0, stopped_at=number * 100.0 + 50) for number in range(attempts))
    made = make_job().ended(reason, 1_000_100.0)
    return changed(made, attempts=tries, run=replace(made.run, machine=machine))


LOST = EndReason.HOST_LOST


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ([job(LOST, 3)], 3),
        ([job(LOST, 0)], 1),
        ([job(EndReason.COMMAND_FAILED, 3)], 2),
        ([job(EndReason.STOPPED, 0)], 0),
        ([job(LOST, 1), job(EndReason.OUT_OF_MEMORY, 2), job(LOST, 1)], 3),
        ([job(LOST, 1), job(LOST, 2, "steady")], 1),
        ([job(LOST, 1), job(LOST, 2, "big")], 3),
    ],
)
def test_each_attempt_is_counted_that_lost_a_machine_which_may_be_taken_back(row: list[Job], count: int) -> None:
    assert reclaims(row, "steady") == count


def test_an_attempt_whose_container_never_started_lost_its_machine_all_the_same() -> None:
    assert reclaims([changed(job(LOST, 1), attempts=(Attempt(stopped_at=9.0), Attempt(stopped_at=99.0)))], "s") == 2


@pytest.mark.parametrize(("lost", "moves"), [(1, False), (2, True), (3, True)])
def test_from_that_many_on_it_is_offered_on_demand(lost: int, *, moves: bool) -> None:
    offer = offer_for(job(LOST, 1), limits(lost))
    assert offer is not None
    assert offer.kind is (RemedyKind.ON_DEMAND if moves else RemedyKind.AGAIN)
    assert (offer.machine, offer.reclaims) == (("steady", lost) if moves else ("", 0))


def test_nothing_else_moves_there_and_who_is_there_stays() -> None:
    there = offer_for(job(LOST, 3, "steady"), limits(3))
    memory = offer_for(job(EndReason.OUT_OF_MEMORY, 3), limits(3))
    without = offer_for(job(LOST, 9), replace(limits(9), on_demand=None))
    assert there is not None
    assert memory is not None
    assert without is not None
    assert (there.kind, memory.kind, without.kind) == (RemedyKind.AGAIN, RemedyKind.MEMORY, RemedyKind.AGAIN)


def test_the_retry_runs_there_with_all_else_as_it_was() -> None:
    failed = job(LOST, 2, "big")
    failed = replace(failed, run=replace(failed.run, memory_mib=18_432))
    offer = offer_for(failed, limits(2))
    assert offer is not None
    run = mended(failed, failed.run, offer, by_bot=True)
    remedied = Remedied(RemedyKind.ON_DEMAND, failed.id, by_bot=True, machine="steady", reclaims=2)
    assert run == replace(failed.run, machine="steady", remedied=remedied)
    assert kept(run, replace(failed.run, machine="steady"), 12_288) == run, "a plain retry of it says so, too"
    moved = replace(failed, run=run)
    assert moved_before([failed, moved])
    assert not moved_before([failed])


def limits(lost: int) -> Limits:
    return Limits(12_288, 60_000, 14_400, on_demand=OnDemand("steady", 2, lost))
