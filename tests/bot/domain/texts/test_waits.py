"""What a waiting job says on its card and in its thread."""

from dataclasses import replace

import pytest

from bot.domain.inert import escape
from bot.domain.model.execution import Execution
from bot.domain.model.states import JobState, WaitCause
from bot.domain.texts.waits import note_key, wait_line, wait_note

ENGINE = escape("AWS Batch", 40)


def waiting(reason: str, cause: WaitCause | None) -> Execution:
    return Execution(JobState.RUNNABLE, status_reason=reason, wait=cause)


@pytest.mark.parametrize("cause", [cause for cause in WaitCause if cause is not WaitCause.NO_REASON])
def test_the_engines_own_words_are_in_the_note(cause: WaitCause) -> None:
    note = wait_note(waiting("UNDETERMINED - Batch job is blocked", cause), 5, ENGINE)
    assert note.endswith("\nAWS Batch says: `UNDETERMINED - Batch job is blocked`")
    assert "gives no reason" not in note


def test_an_unknown_reason_is_shown_as_it_is_and_inert() -> None:
    execution = waiting("NEW`REASON - <@1> @everyone [x](https://example.org)\n# see", WaitCause.OTHER)
    shown = "AWS Batch says: `NEW'REASON - <@1> @everyone [x](https://example.org) # see`"
    assert wait_line(execution, ENGINE) == shown
    assert wait_note(execution, 5, ENGINE).endswith(shown)


def test_a_reason_from_an_older_store_is_shown_until_its_cause_is_known() -> None:
    old = waiting("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", None)
    assert "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY" in wait_line(old, ENGINE)
    assert wait_line(replace(old, wait=WaitCause.NO_CAPACITY), ENGINE).startswith("No machine of this kind is free")


def test_without_a_reason_nothing_is_quoted() -> None:
    assert "gives no reason" in wait_note(waiting("", None), 5, ENGINE)
    left_over = waiting("Host EC2 (instance i-0) terminated.", WaitCause.NO_REASON)
    assert "Host EC2" not in wait_note(left_over, 5, ENGINE)


def test_one_note_for_each_cause_and_attempt() -> None:
    first = waiting("CAPACITY:… for g4dn.xlarge", WaitCause.NO_CAPACITY)
    assert note_key(first) == note_key(replace(first, status_reason="CAPACITY:… for g5.xlarge")) == "0:no capacity"
    assert note_key(replace(first, attempts_ended=1)) == "1:no capacity"
    assert note_key(replace(first, state=JobState.RUNNING)) == ""
