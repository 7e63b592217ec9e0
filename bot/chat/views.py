"""Buttons that outlive a restart: each carries its action and its job in its `custom_id`, and nothing is remembered."""

import re
from typing import Any

import discord

from bot.chat import errors
from bot.chat.context import Action, AnyInteraction
from bot.domain.job import Job

_FACES: dict[Action, tuple[str, discord.ButtonStyle]] = {
    Action.STOP: ("Stop", discord.ButtonStyle.danger),
    Action.CONFIRM_STOP: ("Yes, stop it", discord.ButtonStyle.danger),
    Action.LOGS: ("Logs", discord.ButtonStyle.secondary),
    Action.PLOT: ("Plot", discord.ButtonStyle.secondary),
    Action.RETRY: ("Retry", discord.ButtonStyle.primary),
}


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"sb:(?P<action>stop|confirm|logs|plot|retry):(?P<job>[0-9a-z.]{1,64})",
):
    """One button for one job."""

    def __init__(self, action: Action, job_id: str, *, disabled: bool = False) -> None:
        label, style = _FACES[action]
        self.action, self.job_id = action, job_id
        super().__init__(
            discord.ui.Button(label=label, style=style, custom_id=f"sb:{action}:{job_id}", disabled=disabled)
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: AnyInteraction,  # noqa: ARG003  discord.py gives it
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
    ) -> "JobButton":
        return cls(Action(match["action"]), match["job"])

    async def callback(self, interaction: AnyInteraction) -> None:
        try:
            await interaction.client.clicks[self.action](interaction, self.job_id)
        except Exception as error:
            await errors.tell(interaction, error)


def card_buttons(job: Job) -> discord.ui.View:
    """Stop while it lives, Retry after."""
    first = (
        JobButton(Action.STOP, job.id, disabled=job.stop_at is not None)
        if job.live
        else JobButton(Action.RETRY, job.id)
    )
    return _view(first, JobButton(Action.LOGS, job.id), JobButton(Action.PLOT, job.id))


def end_buttons(job: Job) -> discord.ui.View:
    return _view(JobButton(Action.RETRY, job.id))


def confirm_buttons(job: Job) -> discord.ui.View:
    return _view(JobButton(Action.CONFIRM_STOP, job.id))


def _view(*buttons: JobButton) -> discord.ui.View:
    """Stopped, so that discord.py keeps nothing of it: the pattern, registered at start, finds the callback."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view
