"""A job on the AWS stand-in loses its host, and Batch's next attempt resumes from the last checkpoint."""

import json
import sys
from collections.abc import AsyncIterator

import pytest

from bench.stages import batch_only
from bench.stages.batch_only import Aws, Source
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
from tests.support.container import STEADY
from tests.support.git import Repository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
async def aws() -> AsyncIterator[Aws]:
    entrypoint = (sys.executable, "-m", "trainer.entrypoint", "--")
    async with batch_only.aws(Settings(images={TRAINER_IMAGE: entrypoint})) as made:
        yield made


async def test_reclaimed_host_costs_at_most_an_epoch(aws: Aws, repository: Repository) -> None:
    source = Source(repository.url, repository.commit({"train.py": STEADY.replace("0.3", "0.1")}))
    batch_id = await aws.submit("spot", source, "python", "train.py")
    await aws.until_there("jobs/spot/checkpoint.previous.pt")
    assert await aws.lose("reclaim", batch_id)
    found = await aws.until(batch_id, "SUCCEEDED", "FAILED")
    assert found["status"] == "SUCCEEDED", await aws.log(found)
    assert len(found["attempts"]) == 2
    assert found["attempts"][0]["statusReason"].startswith("Host EC2")
    lines = (await aws.content("jobs/spot/metrics.csv")).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", *map(str, range(1, 31))]
    attempts = json.loads(await aws.content("jobs/spot/manifest.json"))["attempts"]
    assert [attempt["attempt"] for attempt in attempts] == [1, 2]
    assert attempts[0]["ended"] is None
    assert 0 <= attempts[0]["lost_minutes"] < 1
    log = await aws.log(found)
    assert "attempt 2, resuming from its checkpoint after attempt 1 on " in log
    assert "goes on after 0" not in log
