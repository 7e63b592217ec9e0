"""The whole chat layer against the stand-in: what people type and click, and what they then see."""

import pytest

from tests.bot.chat.conftest import Room
from tests.bot.chat.jobs import a_post
from bot.domain.posts import PostKind

pytestmark = pytest.mark.slow

CHANNEL = "training"


async def test_train_is_acknowledged_alone_and_reaches_the_services_typed(room: Room) -> None:
    outcome = await room.mika.type(
        "/train branch:main lr:0.05 epochs:3 optimizer:adam augment:true", channel=CHANNEL, wait=True
    )
    assert (outcome["state"], outcome["type"]) == ("acknowledged", 5)
    assert outcome["message"]["flags"] == 64
    assert outcome["message"]["content"] == "job1 is on its way: its card comes in a moment"
    (request,) = room.services.requests
    assert request.values == {"lr": 0.05, "epochs": 3, "optimizer": "adam", "augment": True}
    assert (request.branch, request.commit, request.project) == ("main", "", "")
    assert {"trainer", "admin"} < request.person.roles
    assert request.channel_id == room.channel_id


async def test_the_confirmation_links_to_the_card_once_it_is_posted(room: Room) -> None:
    job = room.services.known
    outcome = await room.mika.type("/train", channel=CHANNEL, wait=False)
    while "job1" not in job:
        pass
    message_id = await room.client.poster.send(a_post(PostKind.CARD), job["job1"])
