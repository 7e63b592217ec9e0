"""`/jobs`: the latest jobs, of everybody or of the asker, in any state or in one."""

from enum import StrEnum

import discord
from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.cards import choose
from bot.chat.cards.units import relative
from bot.chat.interactions import Interaction, person
from bot.chat.links import card_link, project_of
from bot.domain.inert import joined
from bot.domain.model.execution import Lifecycle
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.texts.command_names import command
from bot.services.people.rates import Share

SHOWN = 15
SEARCHED = 200
LIST_CHARACTERS = 3_800


class Which(StrEnum):
    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"

    def matches(self, execution: Lifecycle) -> bool:
        match self:
            case Which.LIVE:
                return execution.live
            case Which.SUCCEEDED:
                return execution.state is JobState.SUCCEEDED
            case Which.STOPPED:
                return execution.reason is EndReason.STOPPED
            case _:
                return execution.state is JobState.FAILED and execution.reason is not EndReason.STOPPED


@app_commands.command(description="List the latest jobs")
@app_commands.describe(mine="Only jobs you started", state="Only jobs in this state")
@acknowledged(Share.OTHERS)
async def jobs(interaction: Interaction, mine: bool = False, state: Which | None = None) -> None:  # noqa: FBT001, FBT002  an option
    asker_id = interaction.user.id if mine else 0
    find = interaction.client.services.find
    recent = await find.recent(person(interaction), asker_id=asker_id, limit=SEARCHED if state else SHOWN)
    matching = [job for job in recent if state is None or state.matches(job.execution)][:SHOWN]
    if not matching:
        subject = "You have" if mine else "There are"
        await answer(
            interaction, f"{subject} no {f'{state} jobs' if state else 'jobs'} here. {command('train')} starts one."
        )
        return
    lines = [_line(interaction, job) for job in matching]
    await answer(
        interaction, embed=discord.Embed(title="The latest jobs", description=joined(lines, "\n", LIST_CHARACTERS))
    )


def _line(interaction: Interaction, job: Posted) -> str:
    link = card_link(interaction.client, job)
    asked = relative(job.request.created_at)
    when = f"[{asked}]({link})" if link else asked
    return f"{choose.summary(job, project_of(interaction.client, job))} · {when}"
