"""Handlers of the buttons on cards and results. Each click is checked for permission."""

from bot.chat import permissions
from bot.chat.buttons import forms, replies
from bot.chat.buttons.views import confirm_buttons
from bot.chat.cards.choose import state_word
from bot.chat.context import Action, Click, Interaction, acknowledge, answer, person
from bot.domain.job_names import parse
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.texts.state_words import TRIAL_STATES

LINES = 30


async def stop(interaction: Interaction, text: str) -> None:
    """Ask for confirmation, visible only to the clicker."""
    await acknowledge(interaction)
    name, services = parse(text), interaction.client.services
    job = await services.stop.check(name.job_id, person(interaction))
    if name.trial is not None:
        _, trial = await services.trial.trial(name.job_id, name.trial)
        state = TRIAL_STATES[trial.shown].card
        question = f"Stop {name}? It is {state}. The other trials of {job.id} continue."
    elif isinstance(job, Sweep):
        question = _about_sweep(job)
    else:
        question = f"Stop {job.id}? It is {state_word(job)}. What it saved is kept; Retry starts from the beginning."
    await answer(interaction, question, view=confirm_buttons(str(name)))


async def confirm_stop(interaction: Interaction, text: str) -> None:
    await acknowledge(interaction, update=True)
    await replies.stopped(interaction, text)


async def logs(interaction: Interaction, text: str) -> None:
    await acknowledge(interaction)
    await replies.logs(interaction, text, LINES)


async def plot(interaction: Interaction, text: str) -> None:
    """Visible only to the clicker; `/plot` shows it to everybody."""
    await acknowledge(interaction)
    await replies.plot(interaction, [text])


async def plot_best(interaction: Interaction, sweep_id: str) -> None:
    await acknowledge(interaction)
    await replies.plot_best(interaction, sweep_id)


async def retry(interaction: Interaction, text: str) -> None:
    await acknowledge(interaction)
    await replies.retried(interaction, text, {})


async def retry_failed(interaction: Interaction, sweep_id: str) -> None:
    await acknowledge(interaction)
    await replies.retried_failed(interaction, sweep_id)


async def train_best(interaction: Interaction, sweep_id: str) -> None:
    """Ask for how many epochs, if the project has them. A form has to be the first answer."""
    job = await interaction.client.services.show.job(sweep_id)
    best = replies.leading(job)[0]
    if (form := forms.epochs_form(interaction.client, job, best)) is not None:
        await interaction.response.send_modal(form)
        return
    await acknowledge(interaction)
    await replies.trained_again(interaction, best, {})


async def confirm_sweep(interaction: Interaction, sweep_id: str) -> None:
    """Replace the preview with the result of the click."""
    await acknowledge(interaction, update=True)
    permissions.check(interaction)
    job = await interaction.client.services.propose.confirm(sweep_id, person(interaction))
    await replies.accepted(interaction, job)


async def cancel_sweep(interaction: Interaction, sweep_id: str) -> None:
    await acknowledge(interaction, update=True)
    await interaction.client.services.propose.cancel(sweep_id, person(interaction))
    await answer(interaction, f"{sweep_id} was cancelled. Nothing was started.")


CLICKS: dict[Action, Click] = {
    Action.STOP: stop,
    Action.CONFIRM_STOP: confirm_stop,
    Action.LOGS: logs,
    Action.PLOT: plot,
    Action.PLOT_BEST: plot_best,
    Action.RETRY: retry,
    Action.RETRY_FAILED: retry_failed,
    Action.TRAIN_BEST: train_best,
    Action.CONFIRM_SWEEP: confirm_sweep,
    Action.CANCEL_SWEEP: cancel_sweep,
}


def _about_sweep(sweep: Sweep) -> str:
    ended, running = sweep.tally.ended, sweep.tally.count(TrialState.RUNNING)
    return (
        f"Stop {sweep.id}? Of its {sweep.plan.trials:,} trials, {ended:,} have ended and {running:,} are running. "
        "What they saved is kept."
    )
