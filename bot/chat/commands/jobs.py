"""`/jobs`: the latest, of all or of the asker's, in one state or in any."""

from enum import StrEnum

import discord
from discord import app_commands

from bot.chat.cards import choose
from bot.chat.cards.units import joined, relative
from bot.chat.context import Interaction, acknowledge, answer, card_link, project_of
from bot.domain.model.execution import Lifecycle
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState

SHOWN = 15
LOOKED_AT = 200
LIST = 3_800


class Which(StrEnum):
    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"

    def holds(self, execution: Lifecycle) -> bool:
        match self:
            case Which.LIVE:
                return execution.live
            case Which.SUCCEEDED:
                return execution.state is JobState.SUCCEEDED
            case Which.STOPPED:
                return execution.reason is EndReason.STOPPED
            case _:
                return execution.state is JobState.FAILED and execution.reason is not EndReason.STOPPED


@app_commands.command(description="The latest jobs")
@app_commands.describe(mine="Only those that you asked for", state="Only those in this state")
async def jobs(interaction: Interaction, mine: bool = False, state: Which | None = None) -> None:  # noqa: FBT001, FBT002  an option
    await acknowledge(interaction)
    asker_id = interaction.user.id if mine else 0
    found = await interaction.client.services.find.recent(asker_id=asker_id, limit=LOOKED_AT if state else SHOWN)
    wanted = [job for job in found if state is None or state.holds(job.execution)][:SHOWN]
    if not wanted:
        what = " ".join(filter(None, ("your" if mine else "", state or "", "jobs")))
        await answer(interaction, f"There are no {what} here. `/train` starts one.")
        return
    lines = [_line(interaction, job) for job in wanted]
    await answer(interaction, embed=discord.Embed(title="The latest jobs", description=joined(lines, "\n", LIST)))


def _line(interaction: Interaction, job: Posted) -> str:
    link = card_link(interaction.client, job)
    asked = relative(job.request.created_at)
    when = f"[{asked}]({link})" if link else asked
    return f"{choose.summary(job, project_of(interaction.client, job))} · {when}"
