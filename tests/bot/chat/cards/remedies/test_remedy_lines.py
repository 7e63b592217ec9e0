"""What people read about a retry with more: on the button, the result and the card."""

from dataclasses import replace

import pytest

from bot.chat.buttons.views import card_buttons, end_buttons, parse_offer
from bot.chat.cards import choose, verdict
from bot.chat.cards.remedies.remedy_lines import changed, gib, label, result
from bot.chat.catalogue.entries import button_texts
from bot.domain.inert import EMPTY
from bot.domain.model.states import EndReason
from bot.domain.remedy import Obstacle, Offer, Remedied, RemedyKind, ResumeFrom
from tests.bot.chat.jobs import PROJECT, a_running_job, an_ended_job

MEMORY = Offer(RemedyKind.MEMORY, 12_288, 18_432, usd_most=0.61)
TIME = Offer(RemedyKind.TIME, 7_200, 10_800, usd_most=1.58)
STEADY = Offer(RemedyKind.ON_DEMAND, usd_most=1.2, machine="steady_1", reclaims=3)
ORIGIN = ResumeFrom("k7q2mx", "s3://bucket/jobs/k7q2mx/", "key")


@pytest.mark.parametrize(
    ("offer", "text"),
    [
        (MEMORY, "Retry with 18 GiB, at most $0.61"),
        (replace(MEMORY, usd_most=None), "Retry with 18 GiB"),
        (replace(MEMORY, usd_most=0.0), "Retry with 18 GiB"),
        (replace(MEMORY, usd_most=0.001), "Retry with 18 GiB, at most $0.01"),
        (TIME, "Retry with 3 h, at most $1.58"),
        (STEADY, "Retry on steady_1 (on demand), at most $1.20"),
        (replace(STEADY, usd_most=None), "Retry on steady_1 (on demand)"),
        (Offer(RemedyKind.AGAIN, resume_from=ORIGIN, usd_most=0.5), "Resume it, at most $0.50"),
    ],
)
def test_the_button_says_what_it_asks_for_and_costs(offer: Offer, text: str) -> None:
    assert label(offer) == text


def test_the_button_stands_first_on_result_and_card_until_it_is_taken() -> None:
    job = replace(an_ended_job(EndReason.OUT_OF_MEMORY), offer=MEMORY)
    offered, retry = "[ Retry with 18 GiB, at most $0.61 ]", "[ Retry ]"
    assert list(button_texts(end_buttons(job))) == [offered, retry]
    assert list(button_texts(card_buttons(job)))[:2] == [offered, retry]
    for closed in (replace(MEMORY, retried_as="qpwm3x"), replace(MEMORY, obstacle=Obstacle.MACHINES_UNKNOWN)):
        assert list(button_texts(end_buttons(replace(job, offer=closed)))) == [retry]
    again = replace(job, offer=Offer(RemedyKind.AGAIN))
    assert list(button_texts(end_buttons(again))) == [retry], "unchanged and from the beginning is plain Retry"


def test_the_button_carries_the_sum() -> None:
    assert parse_offer("k7q2mx.61") == ("k7q2mx", 0.61)
    assert parse_offer("k7q2mx") == ("k7q2mx", None)


def test_the_result_says_what_is_offered_and_what_became_of_it() -> None:
    job = replace(an_ended_job(EndReason.OUT_OF_MEMORY), offer=MEMORY)
    assert "It had 12 GiB. The first button asks for 18 GiB, and starts over" in verdict.content(job, PROJECT, EMPTY)
    retried = replace(job, offer=replace(MEMORY, retried_as="qpwm3x"))
    assert result(retried) == "Retried with 18 GiB as `qpwm3x`."
    assert "Retried with 18 GiB as `qpwm3x`." in (choose.card(retried, PROJECT).description or "")


def test_after_lost_machines_it_says_how_many_and_where_it_would_run() -> None:
    job = replace(an_ended_job(EndReason.HOST_LOST), offer=STEADY)
    assert next(iter(button_texts(end_buttons(job)))) == "[ Retry on steady_1 (on demand), at most $1.20 ]"
    assert result(job) == (
        "3 machines lost so far. The first button runs it on `steady_1`, on demand, and starts over: it left no "
        "checkpoint."
    )
    resumed = replace(STEADY, resume_from=ORIGIN, retried_as="qpwm3x")
    assert result(replace(job, offer=resumed)) == "Retried on `steady_1` (on demand) as `qpwm3x`, from its checkpoint."


def test_the_card_of_the_retry_says_where_it_runs_and_why() -> None:
    job = a_running_job()
    remedied = Remedied(RemedyKind.ON_DEMAND, "k7q2mx", machine="steady", reclaims=2)
    moved = replace(job, run=replace(job.run, machine="steady", remedied=remedied))
    assert changed(moved) == "Runs on `steady` after 2 reclaims, the last of `k7q2mx`"
    assert changed(moved) in (choose.card(moved, PROJECT).description or "")
    once = replace(moved, run=replace(moved.run, remedied=replace(remedied, reclaims=1), resume_from=ORIGIN))
    assert changed(once) == "Runs on `steady` after 1 reclaim of `k7q2mx`; from the checkpoint of `k7q2mx`"
    assert changed(replace(moved, run=replace(moved.run, machine=""))) == "", "a retry of it, back where it was"


def test_no_memory_is_offered_for_a_gpus() -> None:
    said = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    job = an_ended_job(EndReason.COMMAND_FAILED)
    job = replace(job, execution=replace(job.execution, detail=said))
    assert "Use a smaller batch size" in result(job)
    assert list(button_texts(end_buttons(job))) == ["[ Retry ]"]


def test_the_card_of_the_retry_says_what_was_changed() -> None:
    job = a_running_job()
    run = replace(job.run, remedied=Remedied(RemedyKind.MEMORY, "k7q2mx", 12_288, 18_432))
    assert changed(replace(job, run=run)) == "Memory: 12 → 18 GiB after out of memory in `k7q2mx`"
    resumed = replace(run, resume_from=ORIGIN)
    assert changed(replace(job, run=resumed)).endswith("; from the checkpoint of `k7q2mx`")
    assert changed(job) == ""


def test_sizes() -> None:
    assert [gib(mib) for mib in (512, 1_024, 12_000, 18_432)] == ["512 MiB", "1 GiB", "11.7 GiB", "18 GiB"]
