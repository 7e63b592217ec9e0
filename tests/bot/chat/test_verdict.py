from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import verdict
from bot.domain.events import Attempt
from bot.domain.states import EndReason
from tests.bot.chat.jobs import CREATED, ENDED, PROGRESS, PROJECT, an_ended_job

ATTEMPTS = (Attempt(stopped_at=1.0), Attempt(stopped_at=2.0, exit_code=1))


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (EndReason.SUCCEEDED, "k7q2mx succeeded: val_accuracy 96.7 at epoch 6 of 10, 4 min 31 s"),
        (EndReason.COMMAND_FAILED, "k7q2mx failed: exit code 1 after 4 min 31 s — ValueError: \\*boom\\*"),
        (
            EndReason.SETUP_FAILED,
            "k7q2mx failed before the training began, after 4 min 31 s — ValueError: \\*boom\\*",
        ),
        (EndReason.STOPPED, "k7q2mx was stopped by no_or after 4 min 31 s — ValueError: \\*boom\\*"),
        (EndReason.TIMED_OUT, "k7q2mx failed: it reached its time limit of 2 h — ValueError: \\*boom\\*"),
        (
            EndReason.HOST_LOST,
            "k7q2mx failed: AWS took its machine away 2 times, after 4 min 31 s in all — ValueError: \\*boom\\*",
        ),
        (EndReason.OUT_OF_MEMORY, "k7q2mx failed: it ran out of memory after 4 min 31 s — ValueError: \\*boom\\*"),
        (EndReason.IMAGE_NOT_PULLED, "k7q2mx failed: its image could not be pulled — ValueError: \\*boom\\*"),
        (EndReason.NOT_STARTED, "k7q2mx failed: its container did not start — ValueError: \\*boom\\*"),
        (EndReason.NOT_SUBMITTED, "k7q2mx failed: AWS Batch did not take it — ValueError: \\*boom\\*"),
        (EndReason.LOST, "k7q2mx is lost: AWS Batch does not know it any more — ValueError: \\*boom\\*"),
    ],
)
def test_the_first_line_says_how_and_why(reason: EndReason, line: str) -> None:
    job = an_ended_job(reason, detail="ValueError: *boom*", attempts=ATTEMPTS, stop_by="no_or")
    assert verdict.verdict(job, PROJECT) == line


def test_what_is_not_known_is_left_out() -> None:
    bare = an_ended_job(EndReason.SUCCEEDED, progress=replace(PROGRESS, best=None))
    assert verdict.verdict(bare, PROJECT) == "k7q2mx succeeded in 4 min 31 s"
    assert verdict.verdict(an_ended_job(EndReason.SUCCEEDED), None) == "k7q2mx succeeded in 4 min 31 s"
    unnumbered = an_ended_job(EndReason.SUCCEEDED, progress=replace(PROGRESS, best_epoch=None))
    assert verdict.verdict(unnumbered, PROJECT) == "k7q2mx succeeded: val_accuracy 96.7, 4 min 31 s"
    failed = an_ended_job(EndReason.COMMAND_FAILED)
    assert verdict.verdict(failed, PROJECT) == "k7q2mx failed: the command failed after 4 min 31 s"


def test_one_that_never_ran_counts_from_the_command_on() -> None:
    job = an_ended_job(EndReason.STOPPED, started_at=None)
    assert verdict.ran_seconds(job) == ENDED - CREATED
    assert verdict.verdict(job, PROJECT) == "k7q2mx was stopped after 5 min 31 s"


@pytest.mark.parametrize("reason", list(EndReason))
def test_the_message_has_the_verdict_the_asker_the_log_and_what_to_do(reason: EndReason) -> None:
    job = an_ended_job(reason)
    text = verdict.content(job, PROJECT, "```\nlast line\n```")
    first, *rest = text.split("\n")
    assert first == f"{verdict.verdict(job, PROJECT)} <@42>"
    assert rest[:3] == ["```", "last line", "```"]
    assert bool(rest[3:]) is (reason is not EndReason.SUCCEEDED)


@settings(deadline=None)
@given(
    st.sampled_from(list(EndReason)),
    st.text(max_size=4_000),
    st.text(max_size=4_000),
    st.text(max_size=300),
)
def test_no_message_is_longer_than_discord_takes(reason: EndReason, detail: str, body: str, stop_by: str) -> None:
    job = an_ended_job(reason, detail=detail, stop_by=stop_by)
    text = verdict.content(job, PROJECT, f"```\n{body.replace('`', ' ')}\n```")
    assert len(text) <= 2_000
    assert text.count("```") % 2 == 0
