"""What is shown before anything is spent."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards import sweep_preview
from bot.domain.inert import escape, phrase
from bot.domain.model.job import Job
from bot.domain.money.quote import Quote
from bot.services.sweeps.preview import Proposal
from tests.bot.chat.anything import any_sweeps, texts
from tests.bot.chat.jobs import PRICED, PROJECT, a_sweep, changed

KNOWN = Proposal(a_sweep(), True, 8, 720.0, 9 * 7200.0, ())


def priced(proposal: Proposal, **changes: Any) -> Proposal:
    """Of 9 trials, on machines for 4.20 USD an hour that are billed 2 minutes longer."""
    quote = Quote(4.2, 7_200, runs=9, billed_seconds=120.0, usual_usd_per_hour=2.1, at_once=3, **changes)
    return replace(proposal, sweep=changed(proposal.sweep, quote=quote))


def lines(proposal: Proposal) -> list[str]:
    return (sweep_preview.embed(proposal, PROJECT).description or "").split("\n")


@pytest.mark.parametrize(
    ("proposal", "line"),
    [
        (KNOWN, "Machines: **8** at a time"),
        (KNOWN, "Time: about **12 min**, at most 18 h of machine time"),
        (priced(KNOWN, expected_seconds=450.0), "Cost: about **$2.57**, at most **$76.86** (estimate)"),
        (
            priced(KNOWN, attempts=2),
            "Cost: at most **$153.72**, if all 9 trials reach the time limit in all 2 attempts (estimate)",
        ),
        (replace(KNOWN, machines=None), "Machines: as many as AWS Batch provides"),
        (
            replace(KNOWN, seconds=None),
            "Time: unknown, because no similar job has run yet; at most 18 h of machine time",
        ),
        (
            priced(KNOWN, stale=True, priced_at=1_780_272_000.0),
            "Cost: at most **$76.86**, if all 9 trials reach the time limit (estimate, prices of <t:1780272000:D>)",
        ),
        (
            KNOWN,
            (
                "Cost: unknown. `signalbox doctor` says which price is missing, and "
                "`projects.mnist.usd_per_hour` sets one."
            ),
        ),
    ],
)
def test_unknown_numbers_are_explained(proposal: Proposal, line: str) -> None:
    assert line in lines(proposal)


def test_remarks_come_last_as_they_are() -> None:
    remarks = (phrase("`parallel` limits them."), escape("@everyone *two*", 40))
    assert lines(replace(KNOWN, remarks=remarks))[-2:] == ["`parallel` limits them.", r"\@everyone \*two\*"]


@settings(deadline=None, max_examples=50)
@given(any_sweeps(), st.lists(texts, max_size=8), st.floats(0, 1e12), st.none() | st.integers(1, 10**6))
def test_no_preview_is_larger_than_discord_takes(
    job: Job, remarks: list[str], seconds: float, machines: int | None
) -> None:
    proposal = Proposal(job, True, machines, seconds, seconds, tuple(remarks))
    embed = sweep_preview.embed(proposal, replace(PRICED, name="n" * 300))
    assert len(embed) <= 6_000
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(embed.description or "") < 4_096, "cut by its pieces, never in the middle of an escape"
