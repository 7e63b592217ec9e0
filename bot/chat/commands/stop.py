"""`/stop`: end a job. Typed, it is confirmed already; the button asks."""

from discord import app_commands

from bot.chat import complete
from bot.chat.context import Interaction, acknowledge, answer, person


@app_commands.command(description="Stop a job; what it has done so far is kept")
@app_commands.describe(job="Which job")
@app_commands.autocomplete(job=complete.jobs)
async def stop(interaction: Interaction, job: str) -> None:
    await acknowledge(interaction)
    services = interaction.client.services
    found = await services.show.job(job)
    stopped = await services.stop.stop(found.id, person(interaction))
    await answer(interaction, f"{stopped.id} is being stopped; its end is told in the channel.")
