"""Start, retry and stop jobs, sweeps and trials, for commands and buttons. The interaction is acknowledged already."""

from collections.abc import Sequence

from bot.chat import permissions
from bot.chat.acknowledgement import answer
from bot.chat.buttons.views import parse_offer, preview_buttons, risen_buttons
from bot.chat.cards import confirmation, hold_lines, sweep_preview
from bot.chat.interactions import Interaction, channel_id, person
from bot.chat.links import card_link, project_of
from bot.domain.inert import capital
from bot.domain.job_names import Name, parse
from bot.domain.jobs.set_text import FIELDS, SET
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.money.hold import HoldKind
from bot.errors import BadInput
from bot.services.jobs.submit import TrainRequest
from bot.services.remedies.remedies import PriceRisen
from bot.services.running.pending import awaiting_approval
from bot.services.sweeps.preview import Proposal

CARD_SECONDS = 2.0
"""How long a confirmation waits for the card, to link to it."""


def request(interaction: Interaction, options: dict[str, object]) -> TrainRequest:
    """The typed options for the services: branch, commit, project and `set` by name, all others as parameters."""
    values = dict(options)
    project, branch, commit, settings = (str(values.pop(name, "")).strip() for name in (*FIELDS, SET))
    return TrainRequest(
        person=person(interaction),
        channel_id=channel_id(interaction),
        interaction_id=interaction.id,
        project=project,
        branch=branch,
        commit=commit,
        values=values,
        settings=settings,
    )


async def train(interaction: Interaction, options: dict[str, object]) -> None:
    permissions.check(interaction)
    job = await interaction.client.services.submit.train(request(interaction, options))
    await confirm(interaction, job, f"Starting {job.id}", given=bool(options))


async def retry(interaction: Interaction, text: str, options: dict[str, object]) -> None:
    """Run a job again, the failed trials of a sweep, or a trial as a job."""
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        await train_trial(interaction, name, options)
        return
    old = await services.find.job(name.job_id, person(interaction))
    if not isinstance(old, Sweep):
        permissions.check(interaction)
        job = await services.submit.retry(old.id, request(interaction, options))
        headline = f"Retrying {job.request.retry_of} as {job.id}" if job.request.retry_of else f"Starting {job.id}"
        await confirm(interaction, job, headline, given=bool(options))
        return
    if options:
        names = ", ".join(f"`{option}`" for option in options)
        raise BadInput(
            f"A sweep's failed trials run again unchanged. Leave out {names}, or retry one trial, such as {old.id}.0."
        )
    await retry_failed(interaction, old.id)


async def retry_with(interaction: Interaction, text: str) -> None:
    """Retry a failed job with what its result offers, at the price on the button."""
    permissions.check(interaction)
    job_id, seen_usd = parse_offer(text)
    services = interaction.client.services
    taken = await services.remedies.take(job_id, request(interaction, {}), seen_usd)
    if isinstance(taken, PriceRisen):
        failed = await services.find.job(job_id, person(interaction))
        await answer(interaction, taken.text, view=risen_buttons(failed, taken.usd_most))
        return
    again = "was retried before, as" if taken.before else "is retried as"
    await confirm(interaction, taken.job, f"{job_id} {again} {taken.job.id}")


async def retry_failed(interaction: Interaction, sweep_id: str) -> None:
    permissions.check(interaction)
    proposal = await interaction.client.services.propose.retry_failed(sweep_id, request(interaction, {}))
    await propose(interaction, proposal, f"Retrying the failed trials of {sweep_id} as {proposal.sweep.id}")


async def propose(interaction: Interaction, proposal: Proposal, headline: str = "") -> None:
    """Confirm a small sweep. Show a larger one with Confirm and Cancel."""
    if not proposal.needs_confirmation:
        headline = headline or f"Starting {proposal.sweep.id}"
        await confirm(interaction, proposal.sweep, headline, proposal.remarks)
        return
    embed = sweep_preview.embed(proposal, project_of(interaction.client, proposal.sweep))
    await answer(interaction, embed=embed, view=preview_buttons(proposal.sweep.id))


async def propose_again(interaction: Interaction, text: str) -> bool:
    """Show the preview with its buttons once more. False if this is no sweep that waits to be confirmed."""
    name = parse(text)
    if name.trial is not None:
        return False
    proposal = await interaction.client.services.propose.again(name.job_id, person(interaction))
    if proposal is not None:
        await propose(interaction, proposal)
    return proposal is not None


async def train_trial(interaction: Interaction, name: Name, options: dict[str, object]) -> None:
    """Train a trial's point as a job."""
    permissions.check(interaction)
    again = interaction.client.services.one_trial.rerun
    job = await again(name.job_id, name.trial or 0, request(interaction, options))
    await confirm(interaction, job, f"Starting {job.id} with the parameters of {name}", given=bool(options))


async def confirm(
    interaction: Interaction, job: Posted, headline: str, remarks: Sequence[str] = (), *, given: bool = True
) -> None:
    """Confirm what starts, with a link to its card if that is posted soon. `remarks` are lines below.

    `given` is False if the command had no option that changes anything.
    """
    if awaiting_approval([job]):
        headline = f"{job.id} waits until somebody else approves it"
    hold = job.execution.hold
    if hold is not None and hold.kind is HoldKind.PRICE:
        headline, remarks = f"{job.id} waits for a lower price", [capital(hold_lines.price(hold)), *remarks]
    message_id = await interaction.client.arrivals.wait(job, CARD_SECONDS)
    link = card_link(interaction.client, job, message_id)
    head = f"{headline}: {link}" if link else f"{headline}. Its card will appear in a moment."
    await answer(interaction, confirmation.text(head, job, project_of(interaction.client, job), remarks, given=given))


async def stop(interaction: Interaction, text: str) -> None:
    name, services = parse(text), interaction.client.services
    if name.trial is not None:
        await services.one_trial.stop(name.job_id, name.trial, person(interaction))
        await answer(interaction, f"Stopping {name}. The rest of {name.job_id} goes on.")
        return
    job = await services.stop.stop(name.job_id, person(interaction))
    await answer(interaction, f"Stopping {job.id}. I'll post the result in the channel.")
