"""A small bot on the real discord.py that posts one of everything the page can show."""

import asyncio
import io
from dataclasses import dataclass, field
from typing import Any, cast

import discord
from discord import app_commands
from matplotlib.figure import Figure

BRANCHES = ("main", "warmup", "fix/loss-scale")
TOKEN = "k7q2mx"
DEADLINE = 30.0
"""Seconds to acknowledge an interaction. A busy machine meets it; to let it pass, tests move the loop's clock."""


def picture(width: int = 900, height: int = 500) -> bytes:
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    figure.subplots().plot([1.0, 0.6, 0.4, 0.3])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def card(epoch: int, state: str = "running") -> discord.Embed:
    bar = "█" * epoch + "░" * (10 - epoch)
    embed = discord.Embed(title=f"mnist {TOKEN}", description=f"**{state}**\n`epoch {epoch}/10 {bar}`", colour=0x3BA55D)
    embed.add_field(name="lr", value="0.1", inline=True)
    embed.add_field(name="momentum", value="0.5", inline=True)
    return embed.set_footer(text="asked by @mika")


class Buttons(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Stop", style=discord.ButtonStyle.danger, custom_id="stop")
    async def stop_job(self, interaction: discord.Interaction, _: "discord.ui.Button[Buttons]") -> None:
        await interaction.response.send_message(f"{TOKEN} is being stopped", ephemeral=True)

    @discord.ui.button(label="Rename", style=discord.ButtonStyle.secondary, custom_id="rename")
    async def rename(self, interaction: discord.Interaction, _: "discord.ui.Button[Buttons]") -> None:
        await interaction.response.send_modal(Rename())

    @discord.ui.button(label="Deaf", style=discord.ButtonStyle.secondary, custom_id="deaf")
    async def deaf(self, interaction: discord.Interaction, _: "discord.ui.Button[Buttons]") -> None:
        """Does not return: discord.py would answer for a callback that has returned."""
        await asyncio.Event().wait()

    @discord.ui.select(
        placeholder="Compare with",
        custom_id="compare",
        options=[discord.SelectOption(label=label) for label in ("p3w9aa", "z8c1de")],
    )
    async def compare(self, interaction: discord.Interaction, select: "discord.ui.Select[Buttons]") -> None:
        await interaction.response.send_message(f"compared with {select.values[0]}")


class Rename(discord.ui.Modal, title="Rename the job"):
    name: "discord.ui.TextInput[Rename]" = discord.ui.TextInput(label="New name", custom_id="name", max_length=20)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"renamed to {self.name.value}")


@dataclass
class Job:
    """The job that `/train` created. The test updates it."""

    message: discord.Message
    thread: discord.Thread
    options: dict[str, object] = field(default_factory=dict)

    async def log(self, *lines: str) -> None:
        await self.thread.send("```\n" + "\n".join(lines) + "\n```")

    async def say(self, text: str) -> None:
        await self.thread.send(text)

    async def move(self, epoch: int, state: str = "running") -> None:
        await self.message.edit(embed=card(epoch, state))


class Robot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.1)
        self.tree = app_commands.CommandTree(self)
        self.jobs: asyncio.Queue[Job] = asyncio.Queue()
        self.connected = asyncio.Event()
        self.thought = asyncio.Event()
        """`/think` waits for this; the test sets it."""
        commands: list[app_commands.Command[Any, ..., Any]] = [train, sweep, status, plot, think, silent, japanese]
        for command in commands:
            self.tree.add_command(command)
        self.tree.add_command(job)

    async def setup_hook(self) -> None:
        self.add_view(Buttons())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.connected.set()


def robot_of(interaction: discord.Interaction) -> Robot:
    return cast("Robot", interaction.client)


@app_commands.command(description="Train a commit")
@app_commands.describe(branch="Branch or tag", lr="Learning rate", optimizer="Which one", augment="Shift the pictures")
@app_commands.choices(optimizer=[app_commands.Choice(name=name, value=name.lower()) for name in ("SGD", "Adam")])
async def train(
    interaction: discord.Interaction,
    branch: str = "main",
    lr: app_commands.Range[float, 0, 10] = 0.1,
    optimizer: str = "sgd",
    *,
    augment: bool = False,
) -> None:
    await interaction.response.defer(thinking=True)
    options = {"branch": branch, "lr": lr, "optimizer": optimizer, "augment": augment}
    reply = await interaction.followup.send(embed=card(0, "submitted"), view=Buttons(), wait=True)
    channel = cast("discord.TextChannel", interaction.channel)
    message = channel.get_partial_message(reply.id)
    thread = await message.create_thread(name=f"{TOKEN} log")
    robot_of(interaction).jobs.put_nowait(Job(cast("discord.Message", message), thread, options))


@train.autocomplete("branch")
async def branches(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=name, value=name) for name in BRANCHES if typed in name]


@app_commands.command(description="Train every combination")
@app_commands.describe(space="Values, as lr=0.1,0.01 m=0.5,0.1", branch="Branch or tag")
async def sweep(interaction: discord.Interaction, space: str, branch: str = "main") -> None:
    await interaction.response.send_message(f"sweeping {space} on {branch}")


job = app_commands.Group(name="job", description="One job")


@job.command(name="note", description="Writes something to it")
async def note(interaction: discord.Interaction, text: str) -> None:
    await interaction.response.send_message(f"noted: {text}")


@app_commands.command(description="What is running")
async def status(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Nothing is running", ephemeral=True)


@app_commands.command(description="Draw a job")
async def plot(interaction: discord.Interaction) -> None:
    embed = discord.Embed(title="Loss").set_image(url="attachment://plot.png")
    log = "\n".join(f"line {number}" for number in range(40))
    files = [
        discord.File(io.BytesIO(picture()), "plot.png"),
        discord.File(io.BytesIO(log.encode()), "job.log"),
    ]
    await interaction.response.send_message("Here it is", embed=embed, files=files)


@app_commands.command(description="Takes its time")
async def think(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    await robot_of(interaction).thought.wait()
    await interaction.followup.send("here is the answer")


@app_commands.command(name="試-後で", description="Names a command")
async def japanese(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("</試-後で:1> and </train:2>", ephemeral=True)


@app_commands.command(description="Does not answer")
async def silent(interaction: discord.Interaction) -> None:
    """Lets the deadline pass."""
