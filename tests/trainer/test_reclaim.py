"""A host that goes away under a job of the AWS stand-in: Batch's next attempt goes on where the last one was."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.sandbox.aws import resources
from deploy.sandbox.aws.process import aws_stand_in
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.aws.settings import Settings
from tests.image.test_image import STEADY, Aws
from tests.trainer.conftest import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
async def aws() -> AsyncIterator[Aws]:
    entrypoint = (sys.executable, "-m", "trainer.entrypoint", "--")
    async with aws_stand_in(Settings(images={resources.TRAINER_IMAGE: entrypoint})) as endpoint:
        made = await asyncio.to_thread(resources.create, endpoint)
        yield Aws(made, Clients(endpoint))


async def test_a_reclaimed_host_costs_an_epoch_at_most(aws: Aws, repository: Repository) -> None:
    commit = repository.commit({"train.py": STEADY.replace("0.3", "0.1")})
    batch_id = await aws.submit("spot", repository, commit, "python", "train.py")
    await aws.until_there("jobs/spot/checkpoint.previous.pt")
    address = f"{aws.made.endpoint}/sandbox/reclaim"
    async with aiohttp.ClientSession() as session, session.post(address, json={"jobId": batch_id}) as response:
        assert response.status == 200, await response.text()
    found = await aws.until(batch_id, "SUCCEEDED", "FAILED")
    assert found["status"] == "SUCCEEDED", await aws.log(found)
    assert len(found["attempts"]) == 2
    assert found["attempts"][0]["statusReason"].startswith("Host EC2")
    lines = (await aws.content("jobs/spot/metrics.csv")).splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", *map(str, range(1, 31))]
    attempts = json.loads(await aws.content("jobs/spot/manifest.json"))["attempts"]
    assert [attempt["attempt"] for attempt in attempts] == [1, 2]
    assert attempts[0]["ended"] is None
    assert 0 <= attempts[0]["lost_minutes"] < 1
    log = await aws.log(found)
    assert "attempt 2, going on from its checkpoint after attempt 1 on " in log
    assert "goes on after 0" not in log
