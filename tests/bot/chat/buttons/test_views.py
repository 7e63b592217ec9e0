import re

import discord
import pytest

from bot.chat.buttons.clicks import CLICKS
from bot.chat.buttons.views import JobButton, card_buttons, confirm_buttons, end_buttons, preview_buttons, trial_buttons
from bot.chat.interactions import Action
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from tests.bot.chat.jobs import LEADERS, PARTLY, a_running_job, a_sweep, a_trial, an_ended_job, ended_sweep


def buttons(job: Job) -> list[tuple[str, str, bool]]:
    return _seen(card_buttons(job))


def _seen(view: discord.ui.View) -> list[tuple[str, str, bool]]:
    (row,) = view.to_components()
    return [(button["label"], button["custom_id"], button["disabled"]) for button in row["components"]]


async def test_a_live_card_can_be_stopped_and_an_ended_one_retried() -> None:
    rest = [("Logs", "sb:logs:k7q2mx", False), ("Plot", "sb:plot:k7q2mx", False)]
    assert buttons(a_running_job()) == [("Stop", "sb:stop:k7q2mx", False), *rest]
    assert buttons(a_running_job(stop_at=1.0)) == [("Stop", "sb:stop:k7q2mx", True), *rest]
    assert buttons(an_ended_job(EndReason.SUCCEEDED)) == [("Retry", "sb:retry:k7q2mx", False), *rest]


async def test_a_live_sweep_can_be_stopped_and_its_best_be_seen_once_there_is_one() -> None:
    stop, best = ("Stop", "sb:stop:k7q2mx", False), ("Plot best", "sb:plot_best:k7q2mx", False)
    assert buttons(a_sweep()) == [stop, best]
    assert buttons(a_sweep(Tally())) == [stop, (*best[:2], True)]
    assert buttons(a_sweep(stop_at=1.0)) == [(*stop[:2], True), best]


async def test_an_ended_sweep_offers_what_makes_sense() -> None:
    best = ("Plot best", "sb:plot_best:k7q2mx", False)
    retry = ("Retry failed", "sb:retry_failed:k7q2mx", False)
    again = ("Train best again", "sb:train_best:k7q2mx", False)
    rest = ("Run the rest", *retry[1:])
    stopped = ended_sweep(Tally({TrialState.SUCCEEDED: 3, TrialState.STOPPED: 2}, LEADERS), EndReason.STOPPED)
    assert buttons(ended_sweep()) == [best, again]
    assert buttons(ended_sweep(PARTLY)) == _seen(end_buttons(ended_sweep(PARTLY))) == [best, retry, again]
    assert buttons(stopped) == [best, rest, again]
    assert buttons(ended_sweep(Tally({TrialState.FAILED: 9}), EndReason.COMMAND_FAILED)) == [retry]


async def test_a_trial_has_a_jobs_buttons() -> None:
    rest = [("Logs", "sb:logs:k7q2mx.3", False), ("Plot", "sb:plot:k7q2mx.3", False)]
    ended = a_trial(state=JobState.FAILED)
    assert _seen(trial_buttons(a_sweep(), a_trial())) == [("Stop", "sb:stop:k7q2mx.3", False), *rest]
    assert _seen(trial_buttons(a_sweep(), a_trial(stop_by="mika")))[0] == ("Stop", "sb:stop:k7q2mx.3", True)
    assert _seen(trial_buttons(a_sweep(stop_at=1.0), a_trial()))[0] == ("Stop", "sb:stop:k7q2mx.3", True)
    assert _seen(trial_buttons(a_sweep(), ended)) == [("Retry", "sb:retry:k7q2mx.3", False), *rest]


async def test_a_preview_is_confirmed_or_cancelled() -> None:
    assert _seen(preview_buttons("k7q2mx")) == [
        ("Confirm", "sb:confirm_sweep:k7q2mx", False),
        ("Cancel", "sb:cancel_sweep:k7q2mx", False),
    ]


async def test_discord_py_is_given_nothing_to_remember() -> None:
    job = a_running_job()
    for view in (card_buttons(job), end_buttons(job), confirm_buttons("k7q2mx"), preview_buttons("k7q2mx")):
        assert view.is_finished()


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("job_id", ["k7q2mx", "k7q2mx.9999", "x" * 64])
async def test_every_button_finds_its_way_back(action: Action, job_id: str) -> None:
    custom_id = JobButton(action, job_id).custom_id
    match = re.fullmatch(JobButton.__discord_ui_compiled_template__, custom_id)
    assert match is not None
    assert (Action(match["action"]), match["job"]) == (action, job_id)
    assert len(custom_id) <= 100
    assert action in CLICKS
