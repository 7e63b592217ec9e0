"""Answers that commands and buttons share, on jobs, sweeps and trials by their names. All are acknowledged before."""

import io
import re
from collections.abc import Sequence

import discord

from bot.chat import permissions
from bot.chat.buttons.views import card_buttons, preview_buttons, trial_buttons
from bot.chat.cards import choose, sweep_card, sweep_preview, trial_card
from bot.chat.cards.inert import escape, fenced
from bot.chat.cards.units import plural
from bot.chat.context import (
    Interaction,
    answer,
    card_link,
    channel_id,
    person,
    project_of,
    thread_link,
)
from bot.domain.model.names import Name, parse
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.errors import BadInput, UserError
from bot.services.jobs.find import LogExcerpt
from bot.services.jobs.submit import TrainRequest
from bot.services.sweeps.propose import Proposal

CARD_SECONDS = 2.0
"""How long a confirmation waits for the card, to link to it."""
LOG_CHARACTERS = 1_800
FILE_BYTES = 8 * 1024 * 1024
"""Discord takes 10 MiB."""
MOST_CURVES = 8
"""What the services draw in one picture."""


# ---- what starts a job -----------------------------------------------------------------------------------
def request(interaction: Interaction, given: dict[str, object]) -> TrainRequest:
    """What was typed, as the services take it: branch, commit and project are named apart, the rest are parameters."""
    values = dict(given)
    branch, commit, project = (str(values.pop(name, "")).strip() for name in ("branch", "commit", "project"))
    return TrainRequest(
        person=person(interaction),
        channel_id=channel_id(interaction),
        interaction_id=interaction.id,
        project=project,
        branch=branch,
        commit=commit,
        values=values,
    )


async def trained(interaction: Interaction, given: dict[str, object]) -> None:
    permissions.check(interaction)
    await accepted(interaction, await interaction.client.services.submit.train(request(interaction, given)))


async def retried(interaction: Interaction, text: str, given: dict[str, object]) -> None:
    """A job once more; of a sweep what failed; a trial as a job of its own."""
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        await trained_again(interaction, name, given)
        return
    old = await services.find.job(name.job_id)
    if not isinstance(old, Sweep):
        permissions.check(interaction)
        job = await services.submit.retry(old.id, request(interaction, given))
        await accepted(interaction, job, f", again as {job.request.retry_of}" if job.request.retry_of else "")
        return
    if given:
        raise BadInput(
            ", ".join(given),
            given=" ".join(map(str, given.values())),
            expected=f"nothing (of a sweep, what failed is run again as it was; {old.id}.0 would be one trial)",
        )
    await retried_failed(interaction, old.id)


async def retried_failed(interaction: Interaction, sweep_id: str) -> None:
    permissions.check(interaction)
    proposal = await interaction.client.services.propose.retry_failed(sweep_id, request(interaction, {}))
    await proposed(interaction, proposal, f" with what failed of {sweep_id}")


async def proposed(interaction: Interaction, proposal: Proposal, how: str = "") -> None:
    """Confirms a sweep that is on its way; of a larger one shows what it would be, with Confirm and Cancel."""
    if not proposal.needs_confirmation:
        await accepted(interaction, proposal.sweep, how, sweep_preview.remarks(proposal))
        return
    embed = sweep_preview.embed(proposal, project_of(interaction.client, proposal.sweep))
    await answer(interaction, embed=embed, view=preview_buttons(proposal.sweep.id))


async def trained_again(interaction: Interaction, name: Name, given: dict[str, object]) -> None:
    """The point of a trial as a job of its own."""
    permissions.check(interaction)
    again = interaction.client.services.one_trial.rerun
    job = await again(name.job_id, name.trial or 0, request(interaction, given))
    await accepted(interaction, job, f" with the parameters of {name}")


async def accepted(interaction: Interaction, job: Posted, how: str = "", more: Sequence[str] = ()) -> None:
    """Confirms a job, with a link to its card where that comes soon. `more` are lines below."""
    message_id = await interaction.client.arrivals.wait(job, CARD_SECONDS)
    link = card_link(interaction.client, job, message_id)
    head = f"{job.id} is on its way{how}: {link or 'its card comes in a moment'}"
    await answer(interaction, "\n".join([head, *more]))


# ---- what is asked ---------------------------------------------------------------------------------------
async def status(interaction: Interaction, text: str) -> None:
    """The card as it is now, with a link to the one that is kept current."""
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        sweep, trial = await services.one_trial.trial(name.job_id, name.trial)
        embed, view = trial_card.card(sweep, trial, project_of(interaction.client, sweep)), trial_buttons(sweep, trial)
        lead, files = f"The card of {sweep.id}", list[discord.File]()
        job: Posted = sweep
    else:
        job = await services.find.job(name.job_id)
        embed, view = choose.card(job, project_of(interaction.client, job)), card_buttons(job)
        lead, files = "The card that is kept current", _picture(job)
        if not files:
            embed.set_image(url=None)
    link = card_link(interaction.client, job)
    await answer(interaction, f"{lead}: {link}" if link else None, embed=embed, view=view, files=files)


async def logs(interaction: Interaction, text: str, lines: int) -> None:
    """The last lines, in a block where they fit, else as a file; and where the rest is."""
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        sweep, trial = await services.one_trial.trial(name.job_id, name.trial)
        excerpt = await services.one_trial.log(sweep.id, trial.number, lines)
        rest = f"All of it: `/artifacts {name}`" if trial.ended else ""
        await _excerpt(interaction, str(name), trial.shown, excerpt, rest)
        return
    job = await services.find.job(name.job_id)
    if isinstance(job, Sweep):
        raise UserError(_which_log(job))
    thread = thread_link(interaction.client, job)
    excerpt = await services.find.log(job.id, lines)
    await _excerpt(interaction, job.id, choose.state_word(job), excerpt, f"All of it: {thread}" if thread else "")


async def plot(interaction: Interaction, texts: Sequence[str]) -> None:
    """One picture of all that is named, with what is to say of it; of a sweep, of its best few trials."""
    services = interaction.client.services
    names = list(dict.fromkeys([name for text in texts for name in await _drawn(interaction, parse(text))]))
    if any(name.trial is not None for name in names):
        picture = await services.one_trial.picture([str(name) for name in names])
    else:
        picture = await services.plot.plot([name.job_id for name in names])
    said = " ".join(map(str, names))
    file = f"{re.sub('[^0-9a-z]+', '-', said.lower())[:80]}.png"
    files = [discord.File(io.BytesIO(picture.png), file)] if picture.png is not None else []
    await answer(interaction, picture.text or escape(said, 200), files=files)


async def plot_best(interaction: Interaction, sweep_id: str) -> None:
    """The best trial alone; of folds, all that its mean is of."""
    job = await interaction.client.services.find.job(sweep_id)
    folds = job.plan.folds if isinstance(job, Sweep) else 1
    first = leading(job)[0].trial or 0
    await plot(interaction, [f"{job.id}.{first + fold}" for fold in range(min(folds, MOST_CURVES))])


async def stopped(interaction: Interaction, text: str) -> None:
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        await services.one_trial.stop(name.job_id, name.trial, person(interaction))
        await answer(interaction, f"{name} is being stopped; {name.job_id} goes on without it.")
        return
    found = await services.find.job(name.job_id)
    job = await services.stop.stop(found.id, person(interaction))
    await answer(interaction, f"{job.id} is being stopped; its end is told in the channel.")


def leading(job: Posted) -> list[Name]:
    """The best trials of a sweep, best first; `UserError` where there is none to speak of."""
    if not isinstance(job, Sweep):
        raise UserError(f"{job.id} is a single job and has no trials.")
    if not job.tally.leaders:
        raise UserError(f"None of {job.id}'s trials has told of the project's metric so far.")
    return [Name(job.id, leader.number) for leader in job.tally.leaders]


async def _drawn(interaction: Interaction, name: Name) -> list[Name]:
    if name.trial is not None:
        return [name]
    job = await interaction.client.services.find.job(name.job_id)
    return leading(job) if isinstance(job, Sweep) else [Name(job.id)]


async def _excerpt(interaction: Interaction, name: str, state: str, excerpt: LogExcerpt, rest: str) -> None:
    if not excerpt.text.strip():
        await answer(interaction, f"{name} is {state} and has written no log so far. {rest}".strip())
        return
    head = f"The end of {name}'s log, of {plural(excerpt.total, 'line')} so far. {rest}"
    if len(excerpt.text) <= LOG_CHARACTERS:
        await answer(interaction, f"{head}\n{fenced(excerpt.text)}")
        return
    file = discord.File(io.BytesIO(excerpt.text.encode()[-FILE_BYTES:]), f"{name}-log.txt")
    await answer(interaction, head, files=[file])


def _which_log(sweep: Sweep) -> str:
    """Where to look in a sweep: at the best, and at one of each kind of failure."""
    best = [f"`{sweep.id}.{leader.number}` is the best" for leader in sweep.tally.leaders[:1]]
    failed = [f"`{sweep.id}.{failure.numbers[0]}` failed" for failure in sweep.tally.failures[:3] if failure.numbers]
    told = ", ".join([*best, *failed])
    example = f"`/logs {sweep.id}.0`"
    return (
        f"{sweep.id} is a sweep, and each of its trials has a log of its own: {example}.{f' {told}.' if told else ''}"
    )


def _picture(job: Posted) -> list[discord.File]:
    file = sweep_card.picture(job) if isinstance(job, Sweep) else None
    return [file] if file is not None else []
