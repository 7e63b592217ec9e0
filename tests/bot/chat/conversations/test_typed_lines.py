"""A whole line in the field that opens with the command: Discord's client splits it or not."""
# ruff: noqa: RUF001  letters of Japanese keyboards

import pytest

from bot.domain.model.states import EndReason
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.jobs import a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, Room

pytestmark = pytest.mark.slow


async def run(room: Room, name: str, **options: object) -> str:
    """The finished answer's text."""
    outcome: Json = await room.mika.run(name, options, channel=CHANNEL, wait=True)
    return str(outcome["message"]["content"])


@pytest.mark.parametrize(
    "job", ["k7q2mx lr:0.01 branch:main", "k7q2mx　ｌｒ：0.01　branch：main", "k7q2mx, lr: 0.01, branch: main"]
)
async def test_retry_takes_the_values_behind_the_id(room: Room, job: str) -> None:
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    assert (await run(room, "retry", job=job)).startswith("Retrying k7q2mx as job1")
    (request,) = room.services.requests
    assert (request.branch, request.values) == ("main", {"lr": "0.01"})


async def test_words_that_are_left_over_start_nothing(room: Room) -> None:
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    assert '"again please" is left over' in await run(room, "retry", job="k7q2mx again please")
    assert "`lr` is set a second time" in await run(room, "retry", job="k7q2mx lr:0.1", lr=0.2)
    assert "`LR` is set a second time" in await run(room, "retry", job="k7q2mx lr:0.1 LR:0.2")
    assert '"twice" is left over' in await run(room, "logs", job="k7q2mx twice")
    assert "There is no option `tail` here. Write `lines`" in await run(room, "logs", job="k7q2mx tail:3")
    assert room.services.requests == []


async def test_logs_plot_and_artifacts_take_their_options_behind_the_id(room: Room) -> None:
    room.services.known = {"k7q2mx": a_running_job(), "b2c3d4": a_running_job(id="b2c3d4")}
    assert (await run(room, "logs", job="k7q2mx lines:1")).endswith("epoch 2\n```")
    assert "`lines` must be a whole number from 1 to 2000" in await run(room, "logs", job="k7q2mx lines:0")
    await run(room, "plot", job="k7q2mx、b2c3d4 metrics:val_loss,lr", metrics="grad norm")
    assert room.services.plotted == [["k7q2mx", "b2c3d4"]]
    assert room.services.plotted_metrics == [["val_loss", "lr", "grad norm"]]
    outcome = await room.mika.run("artifacts", {"job": "k7q2mx file:walk"}, channel=CHANNEL, wait=True)
    assert outcome["message"]["embeds"][0]["description"].startswith("[walk.png](")


@pytest.mark.parametrize(
    ("mine", "state", "said"),
    [
        (True, "failed", "You have no failed jobs here."),
        (True, None, "You have no jobs here."),
        (False, "live", "There are no live jobs here."),
        (False, None, "There are no jobs here."),
    ],
)
async def test_no_jobs_in_plain_words(room: Room, mine: bool, state: str | None, said: str) -> None:
    options = {"mine": mine} | ({"state": state} if state else {})
    assert (await run(room, "jobs", **options)).startswith(said)
