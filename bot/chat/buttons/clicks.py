"""What the buttons on cards and endings do. Who clicks is checked anew each time."""

from bot.chat import permissions
from bot.chat.buttons import forms, replies
from bot.chat.buttons.views import confirm_buttons
from bot.chat.cards.choose import state_word
from bot.chat.context import Action, Click, Interaction, acknowledge, answer, person
from bot.domain.model.names import parse
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState

LINES = 30


async def stop(interaction: Interaction, text: str) -> None:
    """Asks once, and the clicker alone."""
    await acknowledge(interaction)
    name, services = parse(text), interaction.client.services
    job = await services.stop.check(name.job_id, person(interaction))
    if name.trial is not None:
        _, trial = await services.one_trial.trial(name.job_id, name.trial)
        question = f"Stop {name}? It is {trial.shown}; the other trials of {job.id} go on."
    elif isinstance(job, Sweep):
        question = _about_sweep(job)
    else:
        question = f"Stop {job.id}? It is {state_word(job)}. What it has done so far is kept, and Retry begins anew."
    await answer(interaction, question, view=confirm_buttons(str(name)))


async def confirm_stop(interaction: Interaction, text: str) -> None:
    await acknowledge(interaction, update=True)
    await replies.stopped(interaction, text)


async def logs(interaction: Interaction, text: str) -> None:
    await acknowledge(interaction)
    await replies.logs(interaction, text, LINES)


async def plot(interaction: Interaction, text: str) -> None:
    """For the clicker alone; `/plot` shows it to all."""
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
    """Asks for how long, where the project has epochs; a form has to be the first answer."""
    job = await interaction.client.services.find.job(sweep_id)
    best = replies.leading(job)[0]
    if (form := forms.epochs_form(interaction.client, job, best)) is not None:
        await interaction.response.send_modal(form)
        return
    await acknowledge(interaction)
    await replies.trained_again(interaction, best, {})


async def confirm_sweep(interaction: Interaction, sweep_id: str) -> None:
    """The preview turns into what came of it."""
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
        f"Stop {sweep.id}? Of its {sweep.plan.trials:,} trials {ended:,} have ended and {running:,} are running. "
        "What they have done so far is kept."
    )
