"""`/pause` and `/resume`: stop all new spending at once, and let it go on; for administrators."""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.interactions import Interaction, person
from bot.domain.texts.command_names import command
from bot.services.people.rates import Share


@app_commands.command(description="Stop all new jobs, sweeps and trials at once; what runs goes on")
@app_commands.describe(reason="Why: everybody who asks for something new reads it")
@acknowledged(Share.STOPS)
async def pause(interaction: Interaction, reason: app_commands.Range[str, 1, 300] | None = None) -> None:
    await interaction.client.services.pause.pause(person(interaction), reason or "")
    await answer(
        interaction,
        f"Paused: nothing new is submitted until {command('resume')}. What runs goes on. I say so in each project's "
        "channel.",
    )


@app_commands.command(description="Let new jobs, sweeps and trials start again after a pause")
@acknowledged(Share.STOPS)
async def resume(interaction: Interaction) -> None:
    await interaction.client.services.pause.resume(person(interaction))
    await answer(interaction, "Resumed: what waited is submitted now. I say so in each project's channel.")
