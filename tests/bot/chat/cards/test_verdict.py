from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards import verdict
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from tests.bot.chat.jobs import (
    CREATED,
    DONE,
    ENDED,
    FAILURES,
    LEADERS,
    MIDDLE,
    PARTLY,
    PRICED,
    PROGRESS,
    PROJECT,
    an_ended_job,
    ended_sweep,
)

ATTEMPTS = (Attempt(stopped_at=1.0), Attempt(stopped_at=2.0, exit_code=1))


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (
            EndReason.SUCCEEDED,
            "k7q2mx succeeded: val_accuracy 96.7 at epoch 6 of 10, 4 min 31 s — ValueError: \\*boom\\*",
        ),
        (EndReason.COMMAND_FAILED, "k7q2mx failed: exit code 1 after 4 min 31 s — ValueError: \\*boom\\*"),
        (
            EndReason.SETUP_FAILED,
            "k7q2mx failed before training started, after 4 min 31 s — ValueError: \\*boom\\*",
        ),
        (
            EndReason.RESULTS_NOT_STORED,
            "k7q2mx trained to its end in 4 min 31 s, but not all of its results are stored — ValueError: \\*boom\\*",
        ),
        (
            EndReason.SUPERSEDED,
            "k7q2mx ended after 4 min 31 s: another run of it has taken over — ValueError: \\*boom\\*",
        ),
        (
            EndReason.TRAINER_FAILED,
            "k7q2mx failed by an error in Signalbox's trainer, after 4 min 31 s — ValueError: \\*boom\\*",
        ),
        (EndReason.STOPPED, "k7q2mx was stopped by no_or after 4 min 31 s — ValueError: \\*boom\\*"),
        (EndReason.TIMED_OUT, "k7q2mx failed: it reached its time limit of 2 h — ValueError: \\*boom\\*"),
        (
            EndReason.HOST_LOST,
            "k7q2mx failed: it lost its machine 2 times, after 4 min 31 s in total — ValueError: \\*boom\\*",
        ),
        (EndReason.OUT_OF_MEMORY, "k7q2mx failed: it ran out of memory after 4 min 31 s — ValueError: \\*boom\\*"),
        (EndReason.IMAGE_NOT_PULLED, "k7q2mx failed: its image could not be pulled — ValueError: \\*boom\\*"),
        (EndReason.NOT_STARTED, "k7q2mx failed: its container did not start — ValueError: \\*boom\\*"),
        (EndReason.NOT_SUBMITTED, "k7q2mx failed: AWS Batch refused it — ValueError: \\*boom\\*"),
        (EndReason.LOST, "k7q2mx is lost: AWS Batch no longer knows it — ValueError: \\*boom\\*"),
    ],
)
def test_the_first_line_has_the_reason(reason: EndReason, line: str) -> None:
    job = an_ended_job(reason, detail="ValueError: *boom*", attempts=ATTEMPTS, stop_by="no_or")
    assert verdict.verdict(job, PROJECT) == line


def test_unknown_numbers_are_left_out() -> None:
    bare = an_ended_job(EndReason.SUCCEEDED, progress=replace(PROGRESS, best=None))
    assert verdict.verdict(bare, PROJECT) == "k7q2mx succeeded in 4 min 31 s"
    assert verdict.verdict(an_ended_job(EndReason.SUCCEEDED), None) == "k7q2mx succeeded in 4 min 31 s"
    unnumbered = an_ended_job(EndReason.SUCCEEDED, progress=replace(PROGRESS, best_epoch=None))
    assert verdict.verdict(unnumbered, PROJECT) == "k7q2mx succeeded: val_accuracy 96.7, 4 min 31 s"
    failed = an_ended_job(EndReason.COMMAND_FAILED)
    assert verdict.verdict(failed, PROJECT) == "k7q2mx failed: it ended without an exit code after 4 min 31 s"


def test_one_that_submission_lost_counts_from_the_command_on() -> None:
    job = an_ended_job(EndReason.STOPPED, started_at=None)
    assert verdict.ran_seconds(job) == ENDED - CREATED
    assert verdict.verdict(job, PROJECT) == "k7q2mx was stopped after 5 min 31 s"


@pytest.mark.parametrize("reason", list(EndReason))
def test_a_result_has_verdict_asker_body_and_advice(reason: EndReason) -> None:
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
def test_no_result_is_longer_than_discord_takes(reason: EndReason, detail: str, body: str, stop_by: str) -> None:
    job = an_ended_job(reason, detail=detail, stop_by=stop_by)
    text = verdict.content(job, PROJECT, f"```\n{body.replace('`', ' ')}\n```")
    assert len(text) <= 2_000
    assert text.count("```") % 2 == 0


# ---- sweeps ----------------------------------------------------------------------------------------------
OTHERS = "3 failed, 1 without metrics, 2 stopped early"
BEST = "val_accuracy 96.7 at lr 0.1, momentum 0.5 (k7q2mx.0), 4 min 31 s, about $0.21"


@pytest.mark.parametrize(
    ("tally", "changes", "line"),
    [
        (DONE, {}, f"k7q2mx finished 9 trials: {BEST}"),
        (PARTLY, {}, f"k7q2mx finished: 3 of 9 trials succeeded, {OTHERS}; best {BEST}"),
        (replace(DONE, leaders=()), {}, "k7q2mx finished 9 trials in 4 min 31 s, about $0.21"),
        (replace(DONE, counts={TrialState.SUCCEEDED: 7}), {}, f"k7q2mx finished 7 of 9 trials: {BEST}"),
        (
            replace(MIDDLE, seconds=1440.0),
            {"reason": EndReason.STOPPED, "stop_by": "no_*r"},
            f"k7q2mx was stopped by no\\_\\*r after 4 of 9 trials: {BEST}",
        ),
        (
            Tally({TrialState.STOPPED: 9}),
            {"reason": EndReason.STOPPED},
            "k7q2mx was stopped after 0 of 9 trials, 4 min 31 s",
        ),
        (
            Tally({TrialState.FAILED: 9}, seconds=1440.0),
            {"reason": EndReason.COMMAND_FAILED},
            "k7q2mx failed: all 9 trials failed, 4 min 31 s, about $0.21",
        ),
        (
            Tally(),
            {"reason": EndReason.NOT_SUBMITTED, "detail": "no *queue*"},
            "k7q2mx failed: AWS Batch refused it — no \\*queue\\*",
        ),
    ],
)
def test_the_first_line_of_a_sweeps_end(tally: Tally, changes: dict[str, Any], line: str) -> None:
    assert verdict.verdict(ended_sweep(tally, **changes), PRICED) == line


def test_over_folds_the_best_is_a_mean() -> None:
    folded = replace(DONE, leaders=(replace(LEADERS[0], deviation=0.25),))
    assert "val_accuracy 96.7 ± 0.25 at lr 0.1" in verdict.verdict(ended_sweep(folded), PRICED)


def test_a_perfect_sweep_has_only_a_verdict() -> None:
    text = verdict.content(ended_sweep(), PRICED, "")
    assert text == f"{verdict.verdict(ended_sweep(), PRICED)} <@42>"


def test_a_sweep_with_failures_lists_them_and_gives_advice() -> None:
    *text, advice = verdict.content(ended_sweep(PARTLY), PRICED, "The table is below.").split("\n")
    assert advice.startswith("`/logs k7q2mx.4` shows why. Retry failed repeats only the failed trials")
    assert text[1:] == [
        r"**2 failed the same way:** the command failed — ValueError: \*boom\*: `.4 .7`",
        "**1 failed:** ran out of memory: `.8`",
        "1 of 9 trials reported no val_accuracy.",
        "2 weak trials stopped early, saving 10 min of machine time, $0.09.",
        "The table is below.",
    ]


def test_equal_failures_are_one_line() -> None:
    alike = Tally({TrialState.FAILED: 9}, failures=(replace(FAILURES[0], count=9),))
    text = verdict.content(ended_sweep(alike, EndReason.COMMAND_FAILED), PRICED, "")
    assert text.split("\n")[1:-1] == [
        r"**9 failed the same way:** the command failed — ValueError: \*boom\*: `.4 .7 …`"
    ]


def test_a_refused_sweep_names_who_can_help() -> None:
    job = ended_sweep(Tally(), EndReason.NOT_SUBMITTED)
    assert verdict.content(job, PRICED, "").endswith("then use Run the rest.")
