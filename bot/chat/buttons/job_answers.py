"""Answer questions about jobs, sweeps and trials, for commands and buttons. The interaction is acknowledged already."""

import io
import re
from collections.abc import Sequence

import discord

from bot.chat.acknowledgement import answer, go_private
from bot.chat.alt_text import attachment
from bot.chat.buttons.views import card_buttons, trial_buttons
from bot.chat.cards import choose, sweep_card, trial_card
from bot.chat.cards.units import plural
from bot.chat.interactions import Interaction, channel_id, person
from bot.chat.limits import SAFE_FILE_BYTES
from bot.chat.links import card_link, project_of, thread_link
from bot.domain.inert import escape, fenced
from bot.domain.job_names import Name, parse
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.texts.command_names import command
from bot.domain.texts.state_words import TRIAL_STATES
from bot.errors import UserError
from bot.services.jobs.find import LogExcerpt

LOG_CHARACTERS = 1_800
"""A longer excerpt becomes a file: with its headline it would not fit into a message."""
MOST_CURVES = 8
"""The most that the services draw in one picture."""


async def status(interaction: Interaction, text: str) -> None:
    """Show the card as it is now, with a link to the live one."""
    name, services, asker = parse(text), interaction.client.services, person(interaction)
    if name.trial is not None:
        sweep, trial = await services.one_trial.trial(name.job_id, name.trial, asker)
        embed, view = trial_card.card(sweep, trial, project_of(interaction.client, sweep)), trial_buttons(sweep, trial)
        lead, files = f"Live card of {sweep.id}", list[discord.File]()
        job: Posted = sweep
    else:
        job = await services.find.job(name.job_id, asker)
        embed, view = choose.card(job, project_of(interaction.client, job)), card_buttons(job)
        lead, files = "Live card", _picture(job)
        if not files:
            embed.set_image(url=None)
    link = card_link(interaction.client, job)
    await answer(interaction, f"{lead}: {link}" if link else None, embed=embed, view=view, files=files)


async def logs(interaction: Interaction, text: str, lines: int) -> None:
    """Show the last lines, as a block if they fit, else as a file, with a link to the full log."""
    name, services, asker = parse(text), interaction.client.services, person(interaction)
    if name.trial is not None:
        sweep, trial = await services.one_trial.trial(name.job_id, name.trial, asker)
        excerpt = await services.one_trial.log(sweep.id, trial.number, lines, asker)
        rest = f"Full log: {command('artifacts', str(name))}" if trial.ended else ""
        await _excerpt(interaction, str(name), TRIAL_STATES[trial.shown].card, excerpt, rest, ended=trial.ended)
        return
    job = await services.find.job(name.job_id, asker)
    if isinstance(job, Sweep):
        raise UserError(_which_log(job))
    thread = thread_link(interaction.client, job)
    excerpt = await services.find.log(job.id, lines, asker)
    rest = f"Full log: {thread}" if thread else ""
    await _excerpt(interaction, job.id, choose.state_word(job), excerpt, rest, ended=not job.execution.live)


async def plot(interaction: Interaction, texts: Sequence[str], metrics: Sequence[str] = ()) -> None:
    """Plot everything named in one picture. For a sweep, plot its best few trials."""
    services, asker = interaction.client.services, person(interaction)
    names = list(dict.fromkeys([name for text in texts for name in await _plotted(interaction, parse(text))]))
    await _keep_from_others(interaction, names)
    if any(name.trial is not None for name in names):
        picture = await services.one_trial.picture([str(name) for name in names], metrics, asker)
    else:
        picture = await services.plot.plot([name.job_id for name in names], metrics, asker)
    title = " ".join(map(str, names))
    file = f"{re.sub('[^0-9a-z]+', '-', title.lower())[:80]}.png"
    files = [attachment(picture.png, file)] if picture.png is not None else []
    await answer(interaction, picture.remarks or escape(title, 200), files=files)


async def plot_best(interaction: Interaction, sweep_id: str) -> None:
    """Plot the best trial; with folds, all folds of its point."""
    job = await interaction.client.services.find.job(sweep_id, person(interaction))
    folds = job.plan.folds if isinstance(job, Sweep) else 1
    first = leading(job)[0].trial or 0
    await plot(interaction, [f"{job.id}.{first + fold}" for fold in range(min(folds, MOST_CURVES))])


def leading(job: Posted) -> list[Name]:
    """The best trials of a sweep, best first. Raises `UserError` if there are none."""
    if not isinstance(job, Sweep):
        raise UserError(f"{job.id} is a single job and has no trials.")
    if not job.tally.leaders:
        yet = " yet" if job.execution.live else ""
        raise UserError(f"No trial of {job.id} has reported the project's metric{yet}.")
    return [Name(job.id, leader.number) for leader in job.tally.leaders]


async def _plotted(interaction: Interaction, name: Name) -> list[Name]:
    if name.trial is not None:
        return [name]
    job = await interaction.client.services.find.job(name.job_id, person(interaction))
    return leading(job) if isinstance(job, Sweep) else [Name(job.id)]


async def _keep_from_others(interaction: Interaction, names: Sequence[Name]) -> None:
    """Make a public answer private if it is about a project that others in the channel may not see."""
    services, client = interaction.client.services, interaction.client
    for name in names:
        project = project_of(client, await services.find.job(name.job_id, person(interaction)))
        if project is None or not services.permits.seen_by_all(project, channel_id(interaction)):
            await go_private(interaction)
            return


async def _excerpt(
    interaction: Interaction, name: str, state: str, excerpt: LogExcerpt, rest: str, *, ended: bool
) -> None:
    if not excerpt.text.strip():
        text = f"{name} has no log ({state})." if ended else f"{name} is {state} and has no log yet. {rest}"
        await answer(interaction, text.strip())
        return
    head = f"End of {name}'s log ({plural(excerpt.total, 'line')} so far). {rest}"
    if len(excerpt.text) <= LOG_CHARACTERS:
        await answer(interaction, f"{head}\n{fenced(excerpt.text)}")
        return
    file = discord.File(io.BytesIO(excerpt.text.encode()[-SAFE_FILE_BYTES:]), f"{name}-log.txt")
    await answer(interaction, head, files=[file])


def _which_log(sweep: Sweep) -> str:
    """Suggest trials of a sweep: the best, and one for each kind of failure."""
    best = [f"`{sweep.id}.{leader.number}` is the best" for leader in sweep.tally.leaders[:1]]
    failed = [f"`{sweep.id}.{failure.numbers[0]}` failed" for failure in sweep.tally.failures[:3] if failure.numbers]
    suggestions = ", ".join([*best, *failed])
    text = f"{sweep.id} is a sweep. Ask for the log of one trial: {command('logs', f'{sweep.id}.0')}."
    return f"{text} {suggestions}." if suggestions else text


def _picture(job: Posted) -> list[discord.File]:
    file = sweep_card.picture(job) if isinstance(job, Sweep) else None
    return [file] if file is not None else []
