"""Invited late, removed, invited again, a late or unavailable server: the commands are there when the bot is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import structlog

from bot.chat.client import SignalboxClient
from bot.domain.access import Grant, Verb
from bot.domain.access import Person as Asker
from bot.domain.parameters import Kind, Parameter
from bot.errors import Refused
from bot.services.people.permits import Permits
from deploy.sandbox.discord.limits.faults import read_fault
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.world_spec import World
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import CHANNEL, connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.clock import skip
from tests.support.waiting import PATIENCE, UNHURRIED, async_until

pytestmark = pytest.mark.slow

LATE = 30.0
"""Seconds from READY to GUILD_CREATE. No test waits for them: the loop's clock jumps."""


@asynccontextmanager
async def standing(world: World | None = None, **limits: float) -> AsyncIterator[tuple[DiscordStandIn, FakeServices]]:
    async with DiscordStandIn(world, limits=replace(UNHURRIED, **limits)) as discord:  # type: ignore[arg-type]
        yield discord, FakeServices()


def client_of(discord: DiscordStandIn, fake: FakeServices) -> SignalboxClient:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0.02)

    client = SignalboxClient(settings(discord), (PROJECT,), sleep=sleep)
    client.attach(fake.services())
    return client


def commands(discord: DiscordStandIn) -> list[str]:
    return [command["name"] for command in discord.discord.commands.all(discord.ready()["guild_id"])]


@asynccontextmanager
async def starting(client: SignalboxClient, token: str) -> AsyncIterator[asyncio.Task[None]]:
    """A client that need not become ready."""
    async with client:
        task = asyncio.create_task(client.start(token))
        try:
            yield task
        finally:
            await client.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_commands_come_back_with_the_bot() -> None:
    async with standing() as (discord, fake):
        client = client_of(discord, fake)
        async with connected(client, discord.token):
            before = commands(discord)
            discord.discord.invitations.remove()
            assert commands(discord) == []
            await async_until(lambda: client.get_guild(client.guild_id) is None)
            waiting = asyncio.create_task(client.ready())
            await asyncio.sleep(0.05)
            assert not waiting.done()
            discord.discord.invitations.invite()
            async with asyncio.timeout(PATIENCE):
                await waiting
            assert commands(discord) == before
            async with Person(discord.url, "mika") as mika:
                assert (await mika.type("/help", channel=CHANNEL, wait=True))["message"]["embeds"]


async def test_commands_come_back_if_nobody_saw_the_removal() -> None:
    async with standing() as (discord, fake):
        client = client_of(discord, fake)
        async with connected(client, discord.token):
            before = commands(discord)
            discord.discord.gateway.drop(resumable=False)
            discord.discord.commands.drop(discord.ready()["guild_id"])
            await async_until(lambda: commands(discord) == before)


class _Unlucky(SignalboxClient):
    """discord.py keeps the servers that come before it is ready in a queue, and drops what is still in it then."""

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        if event != "guild_available":
            super().dispatch(event, *args, **kwargs)


async def test_the_bot_is_ready_though_discord_py_lost_the_event_of_its_server() -> None:
    async with standing() as (discord, fake):
        client = _Unlucky(settings(discord), (PROJECT,))
        client.attach(fake.services())
        async with connected(client, discord.token):
            assert "train" in commands(discord)
            assert fake.opened == [None]


async def test_bot_waits_to_be_invited_and_prints_the_invitation() -> None:
    async with standing(World(invited=False)) as (discord, fake):
        client = client_of(discord, fake)
        with structlog.testing.capture_logs() as logs:
            async with starting(client, discord.token) as task:
                await async_until(lambda: any("not in its server" in entry["event"] for entry in logs))
                (entry,) = [entry for entry in logs if "invitation" in entry]
                assert f"client_id={discord.application_id}" in entry["invitation"]
                assert "permissions=309237763072" in entry["invitation"]
                assert "applications.commands" in entry["invitation"]
                assert not task.done()
                discord.discord.invitations.invite()
                async with asyncio.timeout(PATIENCE):
                    await client.ready()
                assert "train" in commands(discord)


async def test_scope_for_commands_that_comes_later() -> None:
    async with standing(World(invited=False)) as (discord, fake):
        client = client_of(discord, fake)
        with structlog.testing.capture_logs() as logs:
            async with starting(client, discord.token):
                await async_until(lambda: any("not in its server" in entry["event"] for entry in logs))
                refused = {"fault": "status", "status": 403, "path": "/commands", "times": 2}
                discord.discord.core.faults.add(read_fault(refused))
                discord.discord.invitations.invite()
                async with asyncio.timeout(PATIENCE):
                    await client.ready()
                assert "train" in commands(discord)


async def test_roles_given_by_id_count_before_the_server_is_here() -> None:
    async with standing(guild_create_delay=LATE) as (discord, fake):
        by_id = Grant(frozenset({discord.ready()["roles"]["trainer"]}), frozenset({Verb.TRAIN}))
        fake.permits = Permits((by_id,), int(discord.ready()["guild_id"]))
        client = client_of(discord, fake)
        async with starting(client, discord.token), Person(discord.url, "mika") as mika:
            await async_until(lambda: client.user is not None)
            waiting = asyncio.create_task(client.ready())
            await client.wait_until_ready()
            assert not waiting.done(), "ready before GUILD_CREATE"
            await mika.type("/train", channel=CHANNEL)
            await async_until(lambda: fake.requests)
            (request,) = fake.requests
            roles = discord.ready()["roles"]
            assert {int(roles["trainer"]), int(roles["admin"]), client.guild_id} == request.person.roles
            skip(LATE)
            await waiting


async def test_a_second_role_of_a_granted_name_is_noted_and_gains_nothing() -> None:
    async with standing() as (discord, fake):
        client, core = client_of(discord, fake), discord.discord.core
        async with connected(client, discord.token):
            guild = discord.ready()["guild_id"]
            trainer = next(role for role in core.guild.gateway_wire()["roles"] if role["name"] == "trainer")
            second = {**trainer, "id": str(int(trainer["id"]) + 7)}
            with structlog.testing.capture_logs() as logs:
                core.hub.publish(Event("GUILD_ROLE_CREATE", {"guild_id": guild, "role": second}, to_people=False))
                await async_until(lambda: logs)
                renamed = {**trainer, "name": "coach"}
                core.hub.publish(Event("GUILD_ROLE_UPDATE", {"guild_id": guild, "role": renamed}, to_people=False))
                await async_until(lambda: len(logs) > 1)
                gone = {"guild_id": guild, "role_id": second["id"]}
                core.hub.publish(Event("GUILD_ROLE_DELETE", gone, to_people=False))
                await async_until(lambda: len(logs) > 2)
            assert [entry["problem"].split(":")[0] for entry in logs] == [
                'the server has 2 roles named "trainer"',
                f'"trainer" was the role {trainer["id"]} and is now the role {second["id"]}',
                f'the role {trainer["id"]} was named "trainer" and is now "coach"',
            ]
            assert {entry["counts_until_restart"] for entry in logs} == {int(trainer["id"])}
            holds = {role: Asker(1, "x", frozenset({int(role)})) for role in (trainer["id"], second["id"])}
            may = {role: fake.permits.policy.may(each, Verb.TRAIN, "mnist") for role, each in holds.items()}
            assert may == {trainer["id"]: True, second["id"]: False}


async def test_another_server_of_the_same_bot_changes_nothing() -> None:
    async with standing(World(invited=False)) as (discord, fake):
        client, core = client_of(discord, fake), discord.discord.core
        other = {**core.guild.gateway_wire(), "id": str(int(core.guild.id) + 1), "name": "Elsewhere"}
        joined = {name: value for name, value in other.items() if name != "unavailable"}
        async with starting(client, discord.token):
            await async_until(client.is_ready)
            core.hub.publish(Event("GUILD_CREATE", joined, to_people=False))
            await async_until(lambda: client.get_guild(int(other["id"])))
            waiting = asyncio.create_task(client.ready())
            await asyncio.sleep(0.1)
            assert not waiting.done(), "that was the wrong server"
            discord.discord.invitations.invite()
            async with asyncio.timeout(PATIENCE):
                await waiting
            before = commands(discord)
            core.hub.publish(Event("GUILD_DELETE", {"id": other["id"], "unavailable": True}, to_people=False))
            core.hub.publish(Event("GUILD_CREATE", other, to_people=False))
            core.hub.publish(Event("GUILD_DELETE", {"id": other["id"]}, to_people=False))
            await async_until(lambda: client.get_guild(int(other["id"])) is None)
            async with asyncio.timeout(PATIENCE):
                await client.ready()
            assert commands(discord) == before


async def test_removed_and_invited_several_times_in_a_second() -> None:
    async with standing() as (discord, fake):
        client = client_of(discord, fake)
        async with connected(client, discord.token):
            before = commands(discord)
            for _ in range(5):
                discord.discord.invitations.remove()
                discord.discord.invitations.invite()
                await asyncio.sleep(0.03)
            await async_until(lambda: commands(discord) == before)
            async with asyncio.timeout(PATIENCE):
                await client.ready()
            async with Person(discord.url, "mika") as mika:
                assert (await mika.type("/help", channel=CHANNEL, wait=True))["message"]["embeds"]


async def test_outage_at_start_and_later() -> None:
    async with standing() as (discord, fake):
        discord.discord.invitations.begin_outage()
        client = client_of(discord, fake)
        with structlog.testing.capture_logs() as logs:
            async with starting(client, discord.token):
                await async_until(lambda: any("not available yet" in entry["event"] for entry in logs))
                waiting = asyncio.create_task(client.ready())
                await asyncio.sleep(0.05)
                assert not waiting.done()
                discord.discord.invitations.end_outage()
                async with asyncio.timeout(PATIENCE):
                    await waiting
                discord.discord.invitations.begin_outage()
                await async_until(lambda: any("has an outage" in entry["event"] for entry in logs))
                assert "train" in commands(discord)
                async with asyncio.timeout(PATIENCE):
                    await client.ready()


async def test_commands_that_discord_never_takes_end_the_bot_with_words() -> None:
    bad = replace(PROJECT, parameters=(Parameter("kind", Kind.CHOICE, choices=("a", " ")),))
    async with standing(World(invited=False)) as (discord, fake):
        client = SignalboxClient(settings(discord), (bad,))
        client.attach(fake.services())
        async with client, asyncio.timeout(PATIENCE):
            task = asyncio.create_task(client.start(discord.token))
            await async_until(client.is_ready)
            discord.discord.invitations.invite()
            with pytest.raises(Refused, match=r"Registering the commands: .*\(50035\)"):
                await task
