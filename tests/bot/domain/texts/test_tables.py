"""Each table of texts has a row for every member of its enum."""

import string
from enum import Enum
from typing import Any

import pytest

from bot.chat.cards import card_lines, trial_card
from bot.chat.delivery.messages import FORMS
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.model.trial import TrialState
from bot.domain.posts import RULES, PostKind
from bot.domain.texts.command_names import COMMANDS
from bot.domain.texts.endings import ENDINGS, TRIAL_ENDINGS
from bot.domain.texts.state_words import JOB_STATES, TRIAL_STATES
from bot.domain.texts.waits import WAITS


@pytest.mark.parametrize(
    ("table", "members"),
    [
        pytest.param(ENDINGS, set(EndReason), id="reasons of an end"),
        pytest.param(JOB_STATES, set(JobState), id="states of a job"),
        pytest.param(TRIAL_STATES, set(TrialState), id="states of a trial"),
        pytest.param(TRIAL_ENDINGS, set(TrialState) - {TrialState.WAITING, TrialState.RUNNING}, id="ends of a trial"),
        pytest.param(WAITS, set(WaitCause), id="causes of a wait"),
        pytest.param(RULES, set(PostKind), id="rules of posts"),
        pytest.param(FORMS, set(PostKind) - {PostKind.THREAD, PostKind.MEMBER}, id="messages in Discord"),
        pytest.param(card_lines.COLOURS, set(JobState), id="colours of a job"),
        pytest.param(trial_card.COLOURS, set(TrialState), id="colours of a trial"),
    ],
)
def test_a_table_is_whole(table: dict[Enum, Any], members: set[Enum]) -> None:
    assert set(table) == members


@pytest.mark.parametrize("reason", list(EndReason))
def test_an_ending_uses_only_fields_that_it_gets(reason: EndReason) -> None:
    ending = ENDINGS[reason]
    assert _fields(ending.sentence) | _fields(ending.card) <= {"how", "took", "limit", "by", "times", "engine"}
    assert _fields(ending.short) <= {"engine"}
    assert _fields(ending.advice) <= set(COMMANDS)
    assert bool(ending.advice) is (reason is not EndReason.SUCCEEDED)


@pytest.mark.parametrize("cause", list(WaitCause))
def test_a_wait_uses_only_the_engines_name(cause: WaitCause) -> None:
    assert _fields(WAITS[cause].meaning) <= {"engine"}
    assert _fields(WAITS[cause].advice) <= set(COMMANDS)


def test_the_rank_follows_the_life_of_a_job() -> None:
    waiting = [JobState.INTENT, JobState.SUBMITTED, JobState.PENDING, JobState.RUNNABLE]
    ordered = [*waiting, JobState.STARTING, JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED]
    assert [state.rank for state in ordered] == list(range(len(JobState)))
    assert [state for state in JobState if state.waiting] == [JobState.RUNNABLE]
    assert [state for state in JobState if state.on_a_machine] == [JobState.STARTING, JobState.RUNNING]


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
