"""The form behind "Train best again", against the stand-in."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.client import SignalboxClient
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.jobs import DONE, LEADERS, PROJECT, ended_sweep
from tests.bot.chat.room import EPHEMERAL, Room, connected, settings

pytestmark = pytest.mark.slow


async def opened(room: Room, **changes: Any) -> Json:
    """The answer to a click on the button of an ended sweep."""
    return await room.mika.click(await posted(room, **changes), "sb:train_best:k7q2mx")


async def posted(room: Room, **changes: Any) -> Json:
    return await room.posted(ended_sweep(channel_id=room.channel_id, **changes))


async def test_best_trial_is_trained_for_the_epochs_in_the_form(room: Room) -> None:
    form = await opened(room)
    modal = form["modal"]
    (label,) = modal["components"]
    assert (modal["title"], modal["custom_id"]) == ("Train k7q2mx.0 again", "sb:train_best:k7q2mx.0")
    assert label["component"]["value"] == "20"
    assert label["description"] == "A whole number from 1 to 100. It had 10."
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(room.mika.fill(form["interaction_id"], {"epochs": "40"}, wait=True))
        await room.posted(await room.services.made.get())
    message = answer.result()["message"]
    assert message["content"].startswith("Starting again1 with the parameters of k7q2mx.0: https://")
    assert message["flags"] & EPHEMERAL
    ((sweep_id, number, request),) = room.services.one_trial.trained
    assert (sweep_id, number, request.values) == ("k7q2mx", 0, {"epochs": 40})


@pytest.mark.parametrize("given", ["ten", "0", "1000"])
async def test_form_input_is_checked_against_the_declaration(room: Room, given: str) -> None:
    form = await opened(room)
    message = (await room.mika.fill(form["interaction_id"], {"epochs": given}, wait=True))["message"]
    assert message["content"] == f'`epochs` must be a whole number from 1 to 100, not "{given}".'
    assert room.services.one_trial.trained == []


async def test_a_form_outlives_a_restart(room: Room) -> None:
    form = await opened(room)
    await room.client.close()
    again = SignalboxClient(settings(room.discord), (PROJECT,))
    again.attach(room.services.services())
    async with connected(again, room.discord.token):
        message = (await room.mika.fill(form["interaction_id"], {"epochs": "12"}, wait=True))["message"]
    assert message["content"].startswith("Starting again1")


async def test_form_offers_at_most_the_maximum(room: Room) -> None:
    form = await opened(room, parameters={"epochs": 80})
    assert form["modal"]["components"][0]["component"]["value"] == "100"


async def test_without_epochs_the_best_trial_starts_at_once(room: Room) -> None:
    bare = replace(PROJECT, parameters=tuple(p for p in PROJECT.parameters if p.name != "epochs"))
    room.client.projects["mnist"] = bare  # type: ignore[index]
    card = await posted(room)
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(room.mika.click(card, "sb:train_best:k7q2mx", wait=True))
        await room.posted(await room.services.made.get())
    assert answer.result()["message"]["content"].startswith("Starting again1 with the parameters of k7q2mx.0")
    assert [request.values for *_, request in room.services.one_trial.trained] == [{}]


async def test_swept_epochs_are_those_of_the_best_trial(room: Room) -> None:
    best = replace(LEADERS[0], parameters={"epochs": 7})
    form = await opened(room, tally=replace(DONE, leaders=(best,)))
    assert form["modal"]["components"][0]["component"]["value"] == "14"


async def test_form_from_another_version_is_refused(room: Room) -> None:
    form = await opened(room)
    opener = room.discord.discord.interactions.get(form["interaction_id"])
    assert opener is not None
    assert opener.modal is not None
    opener.modal["custom_id"] = "sb:train_best:K7 Q2"
    message = (await room.mika.fill(form["interaction_id"], {"epochs": "12"}, wait=True))["message"]
    assert message["content"].startswith("This form is from another version of the bot.")
