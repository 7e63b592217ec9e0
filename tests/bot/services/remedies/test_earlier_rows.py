"""A job that a version without remedies has stored opens, and goes on."""

from pathlib import Path

from bot.adapters.sqlite.codec import decode, encode
from bot.domain.model.job import Job
from tests.bot.services.remedies.scene import Scene

ROW = (Path(__file__).parent / "earlier_row.json").read_text().strip()
"""Of a job that ran out of memory, whose result is not committed yet."""
OFFERED = (Path(__file__).parent / "offered_row.json").read_text().strip()
"""Of a retry that lost its machine, by a version that moved no job to another machine."""


def test_it_opens_and_nothing_was_changed_of_it() -> None:
    job = decode(ROW)
    assert isinstance(job, Job)
    assert (job.offer, job.run.memory_mib, job.run.remedied, job.run.resume_from) == (None, 0, None, None)
    assert job.execution.memory_mib == 0
    assert decode(encode(job)) == job


async def test_its_result_offers_more_than_its_definition_says(scene: Scene) -> None:
    job = decode(ROW)
    assert isinstance(job, Job)
    await scene.store.add(job, ())
    await scene.settle()
    offer = (await scene.row(job.id)).offer
    assert offer is not None
    assert (offer.before, offer.after) == (12_288, 18_432), "the definition's memory, as the engine's word is not known"
    retry = (await scene.take(await scene.row(job.id))).job
    assert retry.run.memory_mib == 18_432


async def test_an_offer_from_before_on_demand_machines_can_be_taken(scene: Scene) -> None:
    job = decode(OFFERED)
    assert isinstance(job, Job)
    assert job.offer is not None
    assert job.run.remedied is not None
    assert (job.offer.machine, job.offer.reclaims) == (job.run.remedied.machine, job.run.remedied.reclaims) == ("", 0)
    assert decode(encode(job)) == job
    await scene.store.add(job, ())
    retry = (await scene.take(job)).job
    assert (retry.run.machine, retry.run.resume_from) == ("", job.offer.resume_from)
