"""What a command or a button has at hand: the client with its services, who asks, where, and the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import discord
import structlog

from bot.chat.discord_errors import INTERACTION_ACKNOWLEDGED, PASSING
from bot.domain.access import Person
from bot.domain.model.rows import Posted
from bot.domain.project import Project
from bot.services import Services

log = structlog.get_logger()

ACKNOWLEDGE_TRIES = 3
_ACKNOWLEDGED = "acknowledged"
_PUBLIC = "public"


class Action(StrEnum):
    """What the buttons do."""

    STOP = "stop"
    CONFIRM_STOP = "confirm"
    LOGS = "logs"
    PLOT = "plot"
    RETRY = "retry"
    CONFIRM_SWEEP = "confirm_sweep"
    CANCEL_SWEEP = "cancel_sweep"
    PLOT_BEST = "plot_best"
    RETRY_FAILED = "retry_failed"
    TRAIN_BEST = "train_best"


class Arrivals:
    """Tells those who wait for a job's card that it has been posted, by this process."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[int]] = {}

    async def wait(self, job: Posted, seconds: float) -> int | None:
        """The id of the job's card; None where it does not come in time."""
        card_id = job.publication.card_id
        if card_id is not None:
            return card_id or None
        future = self._waiting.setdefault(job.id, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(future)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(job.id, None)

    def arrived(self, job_id: str, message_id: int) -> None:
        future = self._waiting.pop(job_id, None)
        if future is not None and not future.done():
            future.set_result(message_id)


class BoxClient(discord.Client):
    """The client as commands and buttons see it; `SignalboxClient` fills it."""

    guild_id: int
    services: Services
    projects: Mapping[str, Project]
    arrivals: Arrivals
    clicks: "Mapping[Action, Click]"

    async def ready(self) -> None:
        """Returns once the server is there; at once from then on."""
        await self.wait_until_ready()


Interaction = discord.Interaction[BoxClient]
AnyInteraction = discord.Interaction[Any]
"""What discord.py promises where it cannot know the client."""
Click = Callable[[Interaction, str], Awaitable[None]]
"""What a button does; the second argument is the job's id, or a trial's name."""


async def acknowledge(interaction: Interaction, *, public: bool = False, update: bool = False) -> None:
    """Within the 3 s, before any other I/O. `update` keeps the message that was clicked, to be edited by `answer`.

    An acknowledgement whose answer was lost is repeated; that it is there already is as good.
    """
    for tries in range(1, ACKNOWLEDGE_TRIES + 1):
        try:
            await interaction.response.defer(ephemeral=not public, thinking=not update)
        except discord.HTTPException as error:
            if error.code != INTERACTION_ACKNOWLEDGED:
                raise
        except PASSING:
            if tries == ACKNOWLEDGE_TRIES:
                raise
            continue
        interaction.extras.update({_ACKNOWLEDGED: True, _PUBLIC: public})
        log.info("asked", what=_what(interaction), by=interaction.user.id, interaction=interaction.id)
        return


def _what(interaction: Interaction) -> str:
    """The command's name, or the clicked button's `custom_id`."""
    data: Mapping[str, object] = interaction.data or {}
    return str(data.get("custom_id") or data.get("name"))


async def answer(
    interaction: Interaction,
    content: str | None = None,
    *,
    embed: discord.Embed | None = None,
    view: discord.ui.View | None = None,
    files: Sequence[discord.File] = (),
) -> None:
    """Fills what `acknowledge` has opened."""
    await interaction.edit_original_response(content=content, embed=embed, view=view, attachments=files)


async def answer_alone(interaction: Interaction, text: str) -> None:
    """To the asker alone, whatever has been acknowledged so far."""
    if not interaction.extras.get(_ACKNOWLEDGED):
        await interaction.response.send_message(text, ephemeral=True)
    elif interaction.extras.get(_PUBLIC):
        # A follow-up would inherit that the deferral was for all.
        await interaction.delete_original_response()
        await interaction.followup.send(text, ephemeral=True)
    else:
        await answer(interaction, text)


def person(interaction: Interaction) -> Person:
    """Who asks, with the roles of the moment."""
    user = interaction.user
    roles = user.roles if isinstance(user, discord.Member) else []
    return Person(user.id, user.display_name, frozenset(name for role in roles for name in (str(role.id), role.name)))


def channel_id(interaction: Interaction) -> int:
    """Where a card goes: the channel, also for what is typed in one of its threads."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return channel.parent_id
    return interaction.channel_id or 0


def card_link(client: BoxClient, job: Posted, message_id: int | None = None) -> str:
    """The address of the job's card; empty while it has none."""
    message, channel_id = message_id or job.publication.card_id, job.request.channel_id
    return f"https://discord.com/channels/{client.guild_id}/{channel_id}/{message}" if message else ""


def thread_link(client: BoxClient, job: Posted) -> str:
    """The address of the job's thread; empty while it has none."""
    thread_id = job.publication.thread_id
    return f"https://discord.com/channels/{client.guild_id}/{thread_id}" if thread_id else ""


def project_of(client: BoxClient, job: Posted) -> Project | None:
    """None where the config has lost it."""
    return client.projects.get(job.run.project)
