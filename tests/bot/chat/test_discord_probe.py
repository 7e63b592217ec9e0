"""The doctor's view of the server: late, unavailable, without the bot."""

import re
from pathlib import Path

import pytest

from bot.chat import discord_probe as probes
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Finding, examine
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.world_spec import World
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import settings
from tests.bot.chat.services import GRANTS

pytestmark = pytest.mark.slow


async def findings(discord: DiscordStandIn) -> dict[str, Finding]:
    there = settings(discord)
    async with probes.discord_probe(there.api_url, there.gateway_url, discord.token, there.guild_id) as probe:
        checks = probe.checks((PROJECT,), GRANTS, RememberedRoles(Path("/nowhere/roles.json")))
        return {finding.subject: finding async for finding in examine(checks)}


async def test_late_server_is_waited_for() -> None:
    async with DiscordStandIn(limits=Limits(enabled=False, guild_create_delay=0.8)) as discord:
        found = await findings(discord)
    assert found["server"].found == "Robot lab"
    assert found["commands"].found.startswith("none yet")
    assert re.fullmatch(r"to roles that the server has: admin is \d+, trainer is \d+", found["grants"].found)


async def test_server_without_the_bot_shows_the_invitation() -> None:
    async with DiscordStandIn(World(invited=False), limits=Limits(enabled=False)) as discord:
        found = await findings(discord)
    assert "https://discord.com/oauth2/authorize?client_id=" in found["server"].found
    assert "is not in the server" in found["commands"].found


async def test_outage_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "CONNECT_SECONDS", 0.9)
    async with DiscordStandIn(limits=Limits(enabled=False)) as discord:
        discord.discord.invitations.begin_outage()
        found = await findings(discord)
    assert "as unavailable. This is an outage of Discord" in found["server"].found
