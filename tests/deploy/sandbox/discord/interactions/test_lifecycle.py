"""Interactions: the deadlines of 3 s and 15 minutes, and the effect of each type of answer."""

from dataclasses import replace

import pytest

from deploy.sandbox.discord.interactions.model import Interaction, InteractionType
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.message import Message, MessageFlag, MessageType
from tests.deploy.sandbox.discord.room import Room

HIDDEN = {"flags": 64}
COMMAND, COMPONENT, AUTOCOMPLETE = InteractionType.COMMAND, InteractionType.COMPONENT, InteractionType.AUTOCOMPLETE
MODAL = {
    "custom_id": "reason",
    "title": "Reason",
    "components": [{"type": 1, "components": [{"type": 4, "custom_id": "why", "label": "Why", "style": 1}]}],
}


def refused(code: Code) -> "pytest.RaisesExc[ApiError]":
    return pytest.raises(ApiError, check=lambda error: error.code is code)


def begin(room: Room, kind: InteractionType = COMMAND, source: Message | None = None) -> Interaction:
    return room.discord.interactions.open(
        kind, room.person("mika"), room.channel(), {"id": "1", "name": "train"}, name="train", source=source
    )


def answer(room: Room, interaction: Interaction, kind: int, data: Json | None = None) -> None:
    body = {"type": kind} | ({"data": data} if data is not None else {})
    room.discord.interactions.callback(interaction.id, interaction.token, body, ())


def test_interaction_is_unknown_after_three_seconds(room: Room) -> None:
    interaction = begin(room)
    room.clock.now += 3.001
    with refused(Code.UNKNOWN_INTERACTION):
        answer(room, interaction, 5)


def test_interaction_with_wrong_token_is_unknown(room: Room) -> None:
    interaction = begin(room)
    with refused(Code.UNKNOWN_INTERACTION):
        room.discord.interactions.callback(interaction.id, "other", {"type": 5}, ())
    with refused(Code.UNKNOWN_INTERACTION):
        room.discord.interactions.callback("1", interaction.token, {"type": 5}, ())


def test_second_acknowledgement_is_refused(room: Room) -> None:
    interaction = begin(room)
    answer(room, interaction, 5)
    room.clock.now += 10
    with refused(Code.ALREADY_ACKNOWLEDGED):
        answer(room, interaction, 4, {"content": "late"})


def test_first_follow_up_replaces_the_loading_message(room: Room) -> None:
    interaction = begin(room)
    answer(room, interaction, 5, HIDDEN)
    loading = interaction.response
    assert loading is not None
    assert loading.flags == MessageFlag.LOADING | MessageFlag.EPHEMERAL
    first = room.discord.interactions.follow_up(interaction.token, {"content": "done"}, ())
    assert first is loading
    assert (first.content, first.flags, first.edited_at) == ("done", MessageFlag.EPHEMERAL, None)
    second = room.discord.interactions.follow_up(interaction.token, {"content": "more"}, ())
    assert second.id != first.id
    assert (second.type, second.referenced, second.only_for) == (MessageType.REPLY, first, None)


def test_token_expires_after_fifteen_minutes(room: Room) -> None:
    interaction = begin(room)
    answer(room, interaction, 5)
    room.clock.now += 900
    room.discord.interactions.follow_up(interaction.token, {"content": "just in time"}, ())
    room.clock.now += 1
    with refused(Code.INVALID_WEBHOOK_TOKEN):
        room.discord.interactions.by_token(interaction.token)
    begin(room)
    assert room.discord.interactions.get(interaction.id) is None, "the dead are forgotten"


def test_webhook_is_unknown_before_acknowledgement(room: Room) -> None:
    with refused(Code.UNKNOWN_WEBHOOK):
        room.discord.interactions.by_token(begin(room).token)
    with refused(Code.INVALID_WEBHOOK_TOKEN):
        room.discord.interactions.by_token("made up")


@pytest.mark.parametrize(
    ("kind", "callback"),
    [(COMMAND, 6), (COMMAND, 7), (COMMAND, 8), (COMMAND, 1), (COMMAND, None), (AUTOCOMPLETE, 4), (COMPONENT, 8)],
)
def test_callback_type_must_fit_the_interaction(room: Room, kind: InteractionType, callback: int) -> None:
    with refused(Code.INVALID_FORM):
        answer(room, begin(room, kind), callback, {"content": "x"})


def test_refused_answer_can_be_repeated(room: Room) -> None:
    interaction = begin(room)
    with refused(Code.EMPTY_MESSAGE):
        answer(room, interaction, 4, {"content": ""})
    with refused(Code.INVALID_FORM):
        answer(room, interaction, 4, {"content": "a" * 2001})
    answer(room, interaction, 4, {"content": "better"})
    assert interaction.response is not None
    assert interaction.response.content == "better"


def test_component_updates_its_message(room: Room) -> None:
    source = room.post("panel")
    clicked = begin(room, COMPONENT, source)
    answer(room, clicked, 7, {"content": "poked"})
    assert (source.content, clicked.response) == ("poked", source)
    deferred = begin(room, COMPONENT, source)
    answer(room, deferred, 6)
    assert not deferred.finished.is_set()
    room.discord.interactions.edit(
        deferred, room.discord.interactions.message(deferred, "@original"), {"content": "x"}, ()
    )
    assert deferred.finished.is_set()
    assert source.content == "x"


def test_token_only_reaches_its_own_messages(room: Room) -> None:
    interaction, other = begin(room), room.post("not yours")
    answer(room, interaction, 4, {"content": "mine"})
    with refused(Code.UNKNOWN_MESSAGE):
        room.discord.interactions.message(interaction, other.id)
    original = room.discord.interactions.message(interaction, "@original")
    room.discord.interactions.delete(interaction, original)
    with refused(Code.UNKNOWN_MESSAGE):
        room.discord.interactions.message(interaction, "@original")


def test_ephemeral_messages_are_unknown_to_rest(room: Room) -> None:
    interaction = begin(room)
    answer(room, interaction, 4, {"content": "secret", **HIDDEN})
    assert interaction.response is not None
    with refused(Code.UNKNOWN_MESSAGE):
        room.discord.messages.find(room.channel().id, interaction.response.id)
    timeline = room.core.timeline(room.channel().id)
    seen = {
        name: len(room.discord.messages.visible(iter(timeline), person, 10))
        for name, person in (("bot", None), ("mika", room.person("mika")), ("noor", room.person("noor")))
    }
    assert seen == {"bot": 0, "mika": 1, "noor": 0}


def test_autocomplete_has_at_most_25_choices(room: Room) -> None:
    interaction = begin(room, AUTOCOMPLETE)
    choices = [{"name": str(n), "value": n} for n in range(26)]
    with refused(Code.INVALID_FORM):
        answer(room, interaction, 8, {"choices": choices})
    answer(room, interaction, 8, {"choices": choices[:25]})
    assert len(interaction.choices) == 25


@pytest.mark.parametrize("change", [{"title": "t" * 46}, {"custom_id": ""}, {"components": []}, {"title": None}])
def test_modals_have_limits(room: Room, change: Json) -> None:
    interaction = begin(room)
    with refused(Code.INVALID_FORM):
        answer(room, interaction, 9, MODAL | change)
    answer(room, interaction, 9, MODAL)
    assert interaction.modal is not None
    assert interaction.modal["components"][0]["components"][0]["id"] == 2


async def test_waiting_ends_when_the_bot_does_not_answer(room: Room) -> None:
    room.core.limits = replace(room.core.limits, interaction_deadline=0.01)
    assert not await room.discord.interactions.wait_for_acknowledgement(begin(room))
    assert "interaction.failed" in room.kinds()


def test_metadata_names_the_person_and_the_command(room: Room) -> None:
    interaction = begin(room)
    answer(room, interaction, 4, {"content": "x"})
    assert interaction.response is not None
    wire = room.discord.messages.wire(interaction.response)
    assert wire["type"] == MessageType.CHAT_INPUT_COMMAND
    assert wire["interaction"]["name"] == "train"
    assert wire["interaction_metadata"]["user"]["username"] == "mika"
    assert wire["application_id"] == room.core.guild.application_id
