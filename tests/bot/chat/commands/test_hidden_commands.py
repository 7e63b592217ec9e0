"""Commands that administer are hidden from members; the others are not, and all are for this server alone."""

from typing import Any

import pytest

from bot.chat import gate
from bot.chat.client import SignalboxClient
from bot.chat.commands import all_commands
from bot.domain.access import Verb
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.waiting import UNHURRIED


@pytest.mark.slow
async def test_discord_shows_an_administrative_command_to_administrators_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "COMMANDS", {**gate.COMMANDS, "jobs": (Verb.ADMINISTER,)})
    async with DiscordStandIn(limits=UNHURRIED) as discord:
        client = SignalboxClient(settings(discord), (PROJECT,))
        client.attach(FakeServices().services())
        async with (
            connected(client, discord.token),
            Person(discord.url, "mika") as mika,
            Person(discord.url, "noor") as noor,
        ):
            admins, members = await mika.commands(), await noor.commands()
    hidden = {each["name"] for each in admins} - {each["name"] for each in members}
    assert hidden == {"audit", "pause", "resume", "jobs"}
    assert {str(each["contexts"]) for each in admins} == {"[0]"}
    assert {str(each["integration_types"]) for each in admins} == {"[0]"}


def test_what_is_hidden_follows_from_what_a_command_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(prefix: str) -> set[str]:
        commands: list[Any] = all_commands([PROJECT], prefix)
        return {each.name for each in commands if each.default_permissions is not None}

    administrative = {name for name, needs in gate.COMMANDS.items() if Verb.ADMINISTER in needs}
    assert hidden("sb-") == {f"sb-{name}" for name in administrative}
    monkeypatch.setattr(gate, "COMMANDS", {**gate.COMMANDS, "train": (Verb.ADMINISTER,)})
    assert hidden("sb-") == {"sb-train", *(f"sb-{name}" for name in administrative)}
