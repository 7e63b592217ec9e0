"""What the buttons on cards and endings do. Who clicks is checked anew each time."""

from bot.chat import replies
from bot.chat.cards import state_word
from bot.chat.context import Action, Click, Interaction, acknowledge, answer, person
from bot.chat.views import confirm_buttons

LINES = 30


async def stop(interaction: Interaction, job_id: str) -> None:
    """Asks once, and the clicker alone."""
    await acknowledge(interaction)
    job = await interaction.client.services.stop.check(job_id, person(interaction))
    text = f"Stop {job.id}? It is {state_word(job)}. What it has done so far is kept, and Retry begins anew."
    await answer(interaction, text, view=confirm_buttons(job))


async def confirm_stop(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction, update=True)
    job = await interaction.client.services.stop.stop(job_id, person(interaction))
    await answer(interaction, f"{job.id} is being stopped; its end is told in the channel.")


async def logs(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction)
    await replies.logs(interaction, job_id, LINES)


async def plot(interaction: Interaction, job_id: str) -> None:
    """For the clicker alone; `/plot` shows it to all."""
    await acknowledge(interaction)
    await replies.plot(interaction, [job_id])


async def retry(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction)
    await replies.retried(interaction, job_id, {})


CLICKS: dict[Action, Click] = {
    Action.STOP: stop,
    Action.CONFIRM_STOP: confirm_stop,
    Action.LOGS: logs,
    Action.PLOT: plot,
    Action.RETRY: retry,
}
