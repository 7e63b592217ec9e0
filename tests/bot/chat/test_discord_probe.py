"""The doctor's view of the server: late, unavailable, without the bot."""

import re
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.chat import discord_probe as probes
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Finding, Level, examine
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from deploy.sandbox.discord.state.world_spec import ChannelSpec, World
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import settings
from tests.bot.chat.services import GRANTS

pytestmark = pytest.mark.slow


async def findings(discord: DiscordStandIn, audit_channel: int | None = None) -> dict[str, Finding]:
    there = settings(discord)
    async with probes.discord_probe(there.api_url, there.gateway_url, discord.token, there.guild_id) as probe:
        checks = probe.checks((PROJECT,), GRANTS, RememberedRoles(Path("/nowhere/roles.json")), audit_channel)
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
    ticks = count(step=probes.CONNECT_SECONDS)
    monkeypatch.setattr(probes, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    async with DiscordStandIn(limits=Limits(enabled=False)) as discord:
        discord.discord.invitations.begin_outage()
        found = await findings(discord)
    assert "as unavailable. This is an outage of Discord" in found["server"].found


async def test_a_token_that_is_refused_is_to_be_made_anew() -> None:
    async with DiscordStandIn(limits=Limits(enabled=False)) as discord:
        there = settings(discord)
        token = await login(there.api_url, there.gateway_url, "wrong." + discord.token)
    assert (token.level, token.found) == (Level.BAD, "Discord refuses the token.")
    assert "Reset Token" in token.advice


async def test_without_a_network_nobody_is_told_to_make_a_new_token() -> None:
    token = await login("http://name.invalid", "ws://name.invalid", "a.good.one")
    assert token.level is Level.BAD
    assert "name server (DNS)" in token.advice
    assert "Reset Token" not in token.advice


async def login(api_url: str | None, gateway_url: str | None, token: str) -> Finding:
    """The doctor's first check."""
    async with probes.discord_probe(api_url, gateway_url, token, 1) as probe:
        first = probe.checks((PROJECT,), GRANTS, RememberedRoles(Path("/nowhere/roles.json")))[:1]
        (found,) = [finding async for finding in examine(first)]
        return found


HIDDEN = Overwrite(deny=Permission.VIEW_CHANNEL)
AUDIT_CHANNELS = (
    ChannelSpec("closed", overwrites={"everyone": HIDDEN, "bot": Overwrite(allow=Permission.VIEW_CHANNEL)}),
    ChannelSpec("open"),
    ChannelSpec("mute", overwrites={"bot": Overwrite(deny=Permission.SEND_MESSAGES)}),
)


async def test_channel_of_the_audit_is_checked() -> None:
    async with DiscordStandIn(World(channels=AUDIT_CHANNELS), limits=Limits(enabled=False)) as discord:
        found = {
            name: (await findings(discord, int(discord.channels[name])))[f"#{name}, the audit channel"]
            for name in ("closed", "open", "mute")
        }
        missing = (await findings(discord, 123))["audit channel 123"]
        without = await findings(discord)
    assert {name: finding.level for name, finding in found.items()} == {
        "closed": Level.OK,
        "open": Level.NOTE,
        "mute": Level.BAD,
    }
    assert found["mute"].found == "missing permissions: send messages"
    assert missing.level is Level.BAD
    assert "no channel 123" in missing.found
    assert not any("audit" in subject for subject in without)
