"""Acknowledgements that Discord refuses: whose is it, and is anything started?"""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.chat import error_replies
from bot.chat.acknowledgement import acknowledge
from bot.chat.rivals import AnsweredElsewhere, Rivals


def _interaction(status: int, code: int, tries: list[int]) -> Any:
    async def defer(**_: object) -> None:
        tries.append(1)
        answer = SimpleNamespace(status=status, reason="")
        raise discord.HTTPException(answer, {"code": code, "message": "x"})  # type: ignore[arg-type]

    async def send_message(*_: object, **__: object) -> None:
        await defer()

    return SimpleNamespace(
        response=SimpleNamespace(defer=defer, send_message=send_message),
        extras={},
        data={"name": "train"},
        user=SimpleNamespace(id=1),
        id=9,
        client=SimpleNamespace(rivals=Rivals(lambda: 0.0)),
    )


async def test_40060_on_the_first_try_is_another_bots_answer() -> None:
    tries: list[int] = []
    interaction = _interaction(400, 40060, tries)
    with pytest.raises(AnsweredElsewhere):
        await acknowledge(interaction)
    assert not interaction.extras
    assert len(tries) == 1


async def test_40060_after_a_lost_answer_is_success() -> None:
    """The first acknowledgement arrived."""
    tries: list[int] = []
    interaction = _interaction(400, 40060, tries)
    defer = interaction.response.defer

    async def lost_at_first(**options: object) -> None:
        if not tries:
            tries.append(1)
            raise ConnectionResetError
        await defer(**options)

    interaction.response.defer = lost_at_first
    await acknowledge(interaction)
    assert interaction.extras["acknowledged"]
    assert len(tries) == 2


async def test_40060_after_a_lost_answer_is_another_bots_while_one_was_noticed() -> None:
    """The lost request may never have arrived, and two bots would carry the command out."""
    tries: list[int] = []
    interaction = _interaction(400, 40060, tries)
    interaction.client.rivals.seen(8)
    defer = interaction.response.defer

    async def lost_at_first(**options: object) -> None:
        if not tries:
            tries.append(1)
            raise ConnectionResetError
        await defer(**options)

    interaction.response.defer = lost_at_first
    with pytest.raises(AnsweredElsewhere):
        await acknowledge(interaction)
    assert not interaction.extras


async def test_10062_ends_the_command_before_anything_is_started_and_is_only_logged() -> None:
    """Three seconds have passed: there is nobody to answer, and no second try helps."""
    tries: list[int] = []
    interaction = _interaction(404, 10062, tries)
    with pytest.raises(discord.HTTPException) as caught:
        await acknowledge(interaction)
    assert len(tries) == 1
    await error_replies.reply(interaction, caught.value)
