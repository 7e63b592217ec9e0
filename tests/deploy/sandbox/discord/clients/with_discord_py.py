"""The bot with discord.py."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from unittest.mock import patch

import discord
import yarl
from discord import app_commands

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.clients import PICTURE, ROBOTS
from tests.support.waiting import PATIENCE


@asynccontextmanager
async def discord_py_bot(stand_in: DiscordStandIn) -> AsyncIterator[None]:
    gateway = yarl.URL(stand_in.gateway_url)
    client = _Client()
    async with AsyncExitStack() as stack:
        stack.enter_context(patch.object(discord.http.Route, "BASE", stand_in.api))
        stack.enter_context(patch.object(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway))
        await stack.enter_async_context(client)
        running = asyncio.create_task(client.start(stand_in.token))
        await asyncio.wait_for(client.commands_known.wait(), PATIENCE)
        yield
        await client.close()
        await running


class _Client(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.01)
        self.tree = app_commands.CommandTree(self)
        self.commands_known = asyncio.Event()
        for command in (hello, secret, panel, log):
            self.tree.add_command(command)

    async def on_ready(self) -> None:
        await self.tree.sync()
        self.commands_known.set()


async def _robots(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=robot, value=robot) for robot in ROBOTS if robot.startswith(current)]


@app_commands.command(description="Greets a robot")
@app_commands.autocomplete(robot=_robots)
async def hello(interaction: discord.Interaction, robot: str, times: app_commands.Range[int, 1, 5] = 1) -> None:
    await interaction.response.defer()
    picture = discord.File(io.BytesIO(PICTURE), "robot.png")
    embed = discord.Embed(title=robot).set_image(url="attachment://robot.png")
    await interaction.edit_original_response(content=f"hello {robot} x{times}", embed=embed, attachments=[picture])


@app_commands.command(description="For one person")
async def secret(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("for you alone", ephemeral=True)
    await interaction.followup.send("and this", ephemeral=True)


@app_commands.command(description="Buttons")
async def panel(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("panel", view=_Panel())


@app_commands.command(description="A card and its thread")
async def log(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    card = await interaction.channel.send("card", nonce="card-1")
    again = await interaction.channel.send("card", nonce="card-1")
    assert again.id == card.id
    thread = await card.create_thread(name="log")
    await thread.send("line 1")
    second = await thread.send("line 2")
    await thread.send("line 3", file=discord.File(io.BytesIO(b"all of it\n"), "log.txt"))
    await card.edit(content="card done")
    await second.delete()
    await interaction.followup.send("logged")


class _Reason(discord.ui.Modal, title="Reason"):
    why = discord.ui.TextInput(label="Why", custom_id="why", min_length=3)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"because {self.why.value}")


class _Panel(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Poke", custom_id="poke")
    async def poke(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="poked")

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(_Reason())

    @discord.ui.select(custom_id="pick", options=[discord.SelectOption(label=robot) for robot in ROBOTS])
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message(f"picked {select.values[0]}", ephemeral=True)
