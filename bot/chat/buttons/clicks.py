"""The actions of the buttons on cards and results. Each click checks the permissions of whoever clicks."""

from bot.chat import members, permissions
from bot.chat.acknowledgement import acknowledge, acknowledged, admitted, answer, first_answer
from bot.chat.audit.recording import record
from bot.chat.buttons import forms, job_actions, job_answers
from bot.chat.buttons.views import confirm_buttons
from bot.chat.cards.choose import state_word
from bot.chat.interactions import Action, Click, Interaction, person
from bot.chat.reports import spot_lines
from bot.domain.access import Verb
from bot.domain.job_names import parse
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.texts.state_words import TRIAL_STATES
from bot.services.people.rates import Share

LINES = 30


@acknowledged(Share.STOPS)
async def stop(interaction: Interaction, text: str) -> None:
    """Ask the clicker privately to confirm."""
    name, services = parse(text), interaction.client.services
    job = await services.stop.check(name.job_id, person(interaction))
    if name.trial is not None:
        _, trial = await services.one_trial.trial(name.job_id, name.trial, person(interaction))
        state = TRIAL_STATES[trial.shown].card
        question = f"Stop {name}? It is {state}. The other trials of {job.id} keep running."
    elif isinstance(job, Sweep):
        question = _stop_sweep_question(job)
    else:
        question = f"Stop {job.id}? It is {state_word(job)}. Its results so far are kept; Retry starts over."
    await answer(interaction, question, view=confirm_buttons(str(name)))


@acknowledged(Share.STOPS, update=True)
async def confirm_stop(interaction: Interaction, text: str) -> None:
    await job_actions.stop(interaction, text)


@acknowledged(Share.STOPS)
async def stop_warned(interaction: Interaction, sweep_id: str) -> None:
    names = await interaction.client.services.answer_guard.stop(sweep_id, person(interaction))
    await answer(interaction, f"Stopping {names}. The rest of {sweep_id} goes on.")


@acknowledged(Share.STOPS)
async def leave(interaction: Interaction, job_id: str) -> None:
    await interaction.client.services.answer_guard.leave(job_id, person(interaction))
    await answer(interaction, f"{job_id} goes on. I've said so in the thread.")


@acknowledged(Share.FILES)
async def logs(interaction: Interaction, text: str) -> None:
    await job_answers.logs(interaction, text, LINES)


@acknowledged(Share.PLOTS)
async def plot(interaction: Interaction, text: str) -> None:
    """Plot for the clicker only; `/plot` is public."""
    await job_answers.plot(interaction, [text])


@acknowledged(Share.PLOTS)
async def plot_best(interaction: Interaction, sweep_id: str) -> None:
    await job_answers.plot_best(interaction, sweep_id)


@acknowledged(Share.STARTS)
async def retry(interaction: Interaction, text: str) -> None:
    await job_actions.retry(interaction, text, {})


@acknowledged(Share.STARTS)
async def retry_with(interaction: Interaction, text: str) -> None:
    await job_actions.retry_with(interaction, text)


@acknowledged(Share.STARTS)
async def retry_failed(interaction: Interaction, sweep_id: str) -> None:
    await job_actions.retry_failed(interaction, sweep_id)


async def train_best(interaction: Interaction, sweep_id: str) -> None:
    """Ask for the epochs if the project has them. A form must be the first answer, ahead of an acknowledgement."""
    services, asker = interaction.client.services, person(interaction)
    async with admitted(interaction, Share.STARTS):
        job = await services.find.job(sweep_id, asker)
        services.permits.check(asker, Verb.TRAIN, job.run.project)
        best = job_answers.leading(job)[0]
        if (form := forms.epochs_form(interaction.client, job, best)) is not None:
            await record(interaction)
            await first_answer(interaction, lambda: interaction.response.send_modal(form))
            return
        await acknowledge(interaction)
        await job_actions.train_trial(interaction, best, {})


@acknowledged(Share.STARTS, update=True)
async def confirm_sweep(interaction: Interaction, sweep_id: str) -> None:
    """Start the sweep, and replace its preview with the confirmation."""
    permissions.check(interaction)
    job = await interaction.client.services.propose.confirm(sweep_id, person(interaction))
    await job_actions.confirm(interaction, job, f"Starting {job.id}")


@acknowledged(Share.STOPS, update=True)
async def cancel_sweep(interaction: Interaction, sweep_id: str) -> None:
    await interaction.client.services.propose.cancel(sweep_id, person(interaction))
    await answer(interaction, f"{sweep_id} was cancelled. Nothing was started.")


@acknowledged(Share.OTHERS)
async def approve(interaction: Interaction, text: str) -> None:
    """Let it start, if whoever asked may still start it: with the roles that they have now."""
    job_id, _, seen = text.partition(".")
    service = interaction.client.services.approve
    posted = await service.waiting(job_id, person(interaction))
    asker = await members.member(interaction, posted.request)
    await service.approve(job_id, seen, person(interaction), asker)
    await answer(interaction, f"You approved {job_id}. It starts now.")


@acknowledged(Share.OTHERS)
async def decline(interaction: Interaction, text: str) -> None:
    job_id, _, seen = text.partition(".")
    await interaction.client.services.approve.decline(job_id, seen, person(interaction))
    await answer(interaction, f"You declined {job_id}. Nothing is started.")


@acknowledged(Share.STARTS)
async def go_on(interaction: Interaction, text: str) -> None:
    sweep_id, _, seen = text.partition(".")
    sweep = await interaction.client.services.continue_sweep.go_on(sweep_id, seen, person(interaction))
    await answer(interaction, f"{sweep.id} goes on as it is. It is not held again.")


@acknowledged(Share.STARTS)
async def go_on_at_newest(interaction: Interaction, text: str) -> None:
    sweep_id, _, seen = text.partition(".")
    sweep = await interaction.client.services.continue_sweep.go_on_at_newest(sweep_id, seen, person(interaction))
    commit = sweep.run.commit.short
    await answer(interaction, f"{sweep.id} goes on at `{commit}`. Its failed trials run again with it.")


@acknowledged(Share.STOPS)
async def cancel_held(interaction: Interaction, text: str) -> None:
    sweep_id, _, seen = text.partition(".")
    await interaction.client.services.continue_sweep.cancel(sweep_id, seen, person(interaction))
    await answer(interaction, f"{sweep_id} was cancelled. I'll post the result in the channel.")


@acknowledged(Share.STOPS)
async def stop_watch(interaction: Interaction, watch_id: str) -> None:
    watch = await interaction.client.services.spot_watches.stop(watch_id, person(interaction))
    await answer(interaction, spot_lines.stopped(watch))


CLICKS: dict[Action, Click] = {
    Action.STOP: stop,
    Action.CONFIRM_STOP: confirm_stop,
    Action.STOP_WARNED: stop_warned,
    Action.LEAVE: leave,
    Action.LOGS: logs,
    Action.PLOT: plot,
    Action.PLOT_BEST: plot_best,
    Action.RETRY: retry,
    Action.RETRY_WITH: retry_with,
    Action.RETRY_FAILED: retry_failed,
    Action.TRAIN_BEST: train_best,
    Action.CONFIRM_SWEEP: confirm_sweep,
    Action.CANCEL_SWEEP: cancel_sweep,
    Action.APPROVE: approve,
    Action.DECLINE: decline,
    Action.CONTINUE: go_on,
    Action.CONTINUE_NEWEST: go_on_at_newest,
    Action.CANCEL_HELD: cancel_held,
    Action.STOP_WATCH: stop_watch,
}


def _stop_sweep_question(sweep: Sweep) -> str:
    ended, running = sweep.tally.ended, sweep.tally.count(TrialState.RUNNING)
    return (
        f"Stop {sweep.id}? {ended:,} of its {sweep.plan.trials:,} trials have ended and {running:,} are running. "
        "Their results so far are kept."
    )
