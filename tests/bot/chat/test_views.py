import re

import pytest

from bot.chat.clicks import CLICKS
from bot.chat.context import Action
from bot.chat.views import JobButton, card_buttons, confirm_buttons, end_buttons
from bot.domain.job import Job
from bot.domain.states import EndReason
from tests.bot.chat.jobs import a_running_job, an_ended_job


def buttons(job: Job) -> list[tuple[str, str, bool]]:
    (row,) = card_buttons(job).to_components()
    return [(button["label"], button["custom_id"], button["disabled"]) for button in row["components"]]


async def test_a_live_card_can_be_stopped_and_an_ended_one_retried() -> None:
    rest = [("Logs", "sb:logs:k7q2mx", False), ("Plot", "sb:plot:k7q2mx", False)]
    assert buttons(a_running_job()) == [("Stop", "sb:stop:k7q2mx", False), *rest]
    assert buttons(a_running_job(stop_at=1.0)) == [("Stop", "sb:stop:k7q2mx", True), *rest]
    assert buttons(an_ended_job(EndReason.SUCCEEDED)) == [("Retry", "sb:retry:k7q2mx", False), *rest]


async def test_discord_py_is_given_nothing_to_remember() -> None:
    for view in (card_buttons(a_running_job()), end_buttons(a_running_job()), confirm_buttons(a_running_job())):
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
