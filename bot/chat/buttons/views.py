"""Buttons that outlive a restart: the `custom_id` holds the action and the job, and the bot stores nothing."""

import re
from collections.abc import Iterator
from typing import Any

import discord

from bot.chat import error_replies
from bot.chat.interactions import Action, AnyInteraction
from bot.domain.model.job import Job
from bot.domain.model.sweep import Sweep, Trial, TrialState

_LABELS: dict[Action, tuple[str, discord.ButtonStyle]] = {
    Action.STOP: ("Stop", discord.ButtonStyle.danger),
    Action.CONFIRM_STOP: ("Yes, stop it", discord.ButtonStyle.danger),
    Action.LOGS: ("Logs", discord.ButtonStyle.secondary),
    Action.PLOT: ("Plot", discord.ButtonStyle.secondary),
    Action.RETRY: ("Retry", discord.ButtonStyle.primary),
    Action.CONFIRM_SWEEP: ("Confirm", discord.ButtonStyle.success),
    Action.CANCEL_SWEEP: ("Cancel", discord.ButtonStyle.secondary),
    Action.PLOT_BEST: ("Plot best", discord.ButtonStyle.secondary),
    Action.RETRY_FAILED: ("Retry failed", discord.ButtonStyle.primary),
    Action.TRAIN_BEST: ("Train best again", discord.ButtonStyle.primary),
}


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"sb:(?P<action>{'|'.join(Action)}):(?P<job>[0-9a-z.]{{1,64}})",
):
    """A button for one job, or one trial."""

    def __init__(self, action: Action, job_id: str, *, disabled: bool = False, label: str = "") -> None:
        default, style = _LABELS[action]
        self.action, self.job_id = action, job_id
        super().__init__(
            discord.ui.Button(label=label or default, style=style, custom_id=f"sb:{action}:{job_id}", disabled=disabled)
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: AnyInteraction,  # noqa: ARG003  discord.py passes it
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
    ) -> "JobButton":
        return cls(Action(match["action"]), match["job"])

    async def callback(self, interaction: AnyInteraction) -> None:
        try:
            await interaction.client.clicks[self.action](interaction, self.job_id)
        except Exception as error:
            await error_replies.reply(interaction, error)


def card_buttons(job: Job) -> discord.ui.View:
    """Stop for a live job, Retry for an ended one."""
    if job.sweep is not None:
        return _view(*_sweep_buttons(job, job.sweep))
    return _view(_stop(job.id, job.stop_at) if job.live else JobButton(Action.RETRY, job.id), *_show_buttons(job.id))


def end_buttons(job: Job) -> discord.ui.View:
    """Buttons below the result."""
    if job.sweep is not None:
        return _view(*_sweep_buttons(job, job.sweep))
    return _view(JobButton(Action.RETRY, job.id))


def trial_buttons(job: Job, trial: Trial) -> discord.ui.View:
    """The same buttons as a job's."""
    name = f"{job.id}.{trial.number}"
    first = JobButton(Action.RETRY, name) if trial.ended else _stop(name, job.stop_at or trial.stop_by)
    return _view(first, *_show_buttons(name))


def confirm_buttons(name: str) -> discord.ui.View:
    """Confirm stopping this job or trial."""
    return _view(JobButton(Action.CONFIRM_STOP, name))


def preview_buttons(sweep_id: str) -> discord.ui.View:
    """Confirm or cancel the sweep of a preview."""
    return _view(JobButton(Action.CONFIRM_SWEEP, sweep_id), JobButton(Action.CANCEL_SWEEP, sweep_id))


def _stop(name: str, stop_requested: object) -> JobButton:
    return JobButton(Action.STOP, name, disabled=stop_requested is not None)


def _show_buttons(name: str) -> tuple[JobButton, JobButton]:
    return JobButton(Action.LOGS, name), JobButton(Action.PLOT, name)


def _sweep_buttons(job: Job, sweep: Sweep) -> Iterator[JobButton]:
    tally = sweep.tally
    if job.live:
        yield _stop(job.id, job.stop_at)
        yield JobButton(Action.PLOT_BEST, job.id, disabled=not tally.leaders)
        return
    if tally.leaders:
        yield JobButton(Action.PLOT_BEST, job.id)
    if tally.count(TrialState.SUCCEEDED, TrialState.PRUNED) < sweep.plan.trials:
        failed = tally.count(TrialState.FAILED, TrialState.MISSING)
        yield JobButton(Action.RETRY_FAILED, job.id, label="" if failed else "Run the rest")
    if tally.leaders:
        yield JobButton(Action.TRAIN_BEST, job.id)


def _view(*buttons: JobButton) -> discord.ui.View:
    """A view that discord.py forgets at once: the pattern registered at start finds the callback."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view
