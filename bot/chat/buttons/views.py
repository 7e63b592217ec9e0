"""Buttons that outlive a restart: each carries its action and its job in its `custom_id`; the bot keeps no state."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import discord

from bot.chat import error_replies, gate
from bot.chat.cards.remedies import remedy_lines
from bot.chat.interactions import Action, AnyInteraction
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.remedy import Offer
from bot.domain.spending.approval import token
from bot.domain.texts import hold_texts
from bot.services.running.pending import awaiting_approval, held_for_failures

LABELS: dict[Action, tuple[str, discord.ButtonStyle]] = {
    Action.STOP: ("Stop", discord.ButtonStyle.danger),
    Action.CONFIRM_STOP: ("Yes, stop it", discord.ButtonStyle.danger),
    Action.STOP_WARNED: ("Stop them", discord.ButtonStyle.danger),
    Action.LEAVE: ("Leave it", discord.ButtonStyle.secondary),
    Action.LOGS: ("Logs", discord.ButtonStyle.secondary),
    Action.PLOT: ("Plot", discord.ButtonStyle.secondary),
    Action.RETRY: ("Retry", discord.ButtonStyle.primary),
    Action.RETRY_WITH: ("Retry with more", discord.ButtonStyle.success),
    Action.CONFIRM_SWEEP: ("Confirm", discord.ButtonStyle.success),
    Action.CANCEL_SWEEP: ("Cancel", discord.ButtonStyle.secondary),
    Action.PLOT_BEST: ("Plot best", discord.ButtonStyle.secondary),
    Action.RETRY_FAILED: ("Retry failed", discord.ButtonStyle.primary),
    Action.TRAIN_BEST: ("Train best again", discord.ButtonStyle.primary),
    Action.APPROVE: ("Approve", discord.ButtonStyle.success),
    Action.DECLINE: ("Decline", discord.ButtonStyle.secondary),
    Action.CONTINUE: (hold_texts.CONTINUE, discord.ButtonStyle.primary),
    Action.CONTINUE_NEWEST: (hold_texts.CONTINUE_NEWEST, discord.ButtonStyle.success),
    Action.CANCEL_HELD: (hold_texts.CANCEL, discord.ButtonStyle.danger),
    Action.STOP_WATCH: ("Stop watching", discord.ButtonStyle.secondary),
}


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"sb:(?P<action>{'|'.join(Action)}):(?P<job>[0-9a-z.]{{1,64}})",
):
    """A button for one job, or one trial."""

    def __init__(self, action: Action, job_id: str, *, disabled: bool = False, label: str = "") -> None:
        default, style = LABELS[action]
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
            if not await gate.admits(interaction, gate.BUTTONS[self.action]):
                return
            await interaction.client.clicks[self.action](interaction, self.job_id)
        except Exception as error:
            await error_replies.reply(interaction, error)


def card_buttons(job: Posted) -> discord.ui.View:
    """Stop while the job lives, Retry after that; before it may start, those who may let it."""
    if awaiting_approval([job]):
        name = f"{job.id}.{token(job)}"
        decide = JobButton(Action.APPROVE, name), JobButton(Action.DECLINE, name)
        return _view(*decide, _stop(job.id, job.execution.stop))
    if held_for_failures(job) is not None:
        return held_buttons(job)
    if isinstance(job, Sweep):
        return _view(*_sweep_buttons(job))
    first = [_stop(job.id, job.execution.stop)] if job.execution.live else _retry_buttons(job)
    return _view(*first, *_show_buttons(job.id))


def end_buttons(job: Posted) -> discord.ui.View:
    """Under the result."""
    if isinstance(job, Sweep):
        return _view(*_sweep_buttons(job))
    return _view(*_retry_buttons(job))


def risen_buttons(job: Posted, usd_most: float) -> discord.ui.View:
    """Under the news that a retry has become more expensive than its button says."""
    offer = job.offer if isinstance(job, Job) else None
    return _view(*([_offered(job.id, replace(offer, usd_most=usd_most))] if offer is not None else []))


def parse_offer(text: str) -> tuple[str, float | None]:
    """The job, and the sum on the button; None if it has none."""
    job_id, _, cents = text.partition(".")
    return job_id, int(cents) / 100 if cents.isdecimal() else None


def trial_buttons(sweep: Sweep, trial: Trial) -> discord.ui.View:
    """The same as a job's."""
    name = f"{sweep.id}.{trial.number}"
    first = JobButton(Action.RETRY, name) if trial.ended else _stop(name, sweep.execution.stop or trial.stop_by)
    return _view(first, *_show_buttons(name))


def warning_buttons(job: Posted) -> discord.ui.View:
    """Under a warning of the guard. Of a sweep, Stop ends the trials that it is about."""
    stop = Action.STOP_WARNED if isinstance(job, Sweep) else Action.STOP
    return _view(JobButton(stop, job.id), JobButton(Action.LEAVE, job.id))


def held_buttons(job: Posted, mark: str = "") -> discord.ui.View:
    """What to do with a sweep that is held for its failures; `mark` is the hold's."""
    hold = job.execution.hold
    name = f"{job.id}.{mark or (hold.mark if hold is not None else '0')}"
    return _view(*(JobButton(each, name) for each in (Action.CONTINUE, Action.CONTINUE_NEWEST, Action.CANCEL_HELD)))


def watch_button(watch: SpotWatch) -> discord.ui.View:
    """Under the answer that the price is watched."""
    return _view(JobButton(Action.STOP_WATCH, str(watch.id)))


def watch_buttons(watches: Sequence[SpotWatch]) -> discord.ui.View:
    """Under the numbered list of them."""
    numbered = enumerate(watches, 1)
    return _view(*(JobButton(Action.STOP_WATCH, str(each.id), label=f"Stop watching {n}") for n, each in numbered))


def confirm_buttons(name: str) -> discord.ui.View:
    """Under the question whether to stop this job or trial."""
    return _view(JobButton(Action.CONFIRM_STOP, name))


def preview_buttons(sweep_id: str) -> discord.ui.View:
    """Under the preview of a sweep."""
    return _view(JobButton(Action.CONFIRM_SWEEP, sweep_id), JobButton(Action.CANCEL_SWEEP, sweep_id))


def _stop(name: str, request: object) -> JobButton:
    return JobButton(Action.STOP, name, disabled=request is not None)


def _retry_buttons(job: Job) -> list[JobButton]:
    """What its result offers first, then Retry as it was."""
    offer = job.offer
    offered = [_offered(job.id, offer)] if offer is not None and remedy_lines.shows_button(offer) else []
    return [*offered, JobButton(Action.RETRY, job.id)]


def _offered(job_id: str, offer: Offer) -> JobButton:
    """It carries its sum, so that a click is compared with what the person saw."""
    cents = f".{math.ceil(offer.usd_most * 100)}" if offer.usd_most is not None else ""
    return JobButton(Action.RETRY_WITH, f"{job_id}{cents}", label=remedy_lines.label(offer))


def _show_buttons(name: str) -> tuple[JobButton, JobButton]:
    return JobButton(Action.LOGS, name), JobButton(Action.PLOT, name)


def _sweep_buttons(sweep: Sweep) -> Iterator[JobButton]:
    tally, execution = sweep.tally, sweep.execution
    if execution.live:
        yield _stop(sweep.id, execution.stop)
        yield JobButton(Action.PLOT_BEST, sweep.id, disabled=not tally.leaders)
        return
    if tally.leaders:
        yield JobButton(Action.PLOT_BEST, sweep.id)
    if tally.count(TrialState.SUCCEEDED, TrialState.PRUNED) < sweep.plan.trials:
        failed = tally.count(TrialState.FAILED, TrialState.MISSING)
        yield JobButton(Action.RETRY_FAILED, sweep.id, label="" if failed else "Run the rest")
    if tally.leaders:
        yield JobButton(Action.TRAIN_BEST, sweep.id)


def _view(*buttons: JobButton) -> discord.ui.View:
    """Stopped, so discord.py keeps no reference: the pattern that is registered at the start finds the callback."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view
