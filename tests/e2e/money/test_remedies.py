"""A training that needs more memory than its job has: killed as by AWS, and retried with more by a click or the bot."""

import json
import re

import boto3
import pytest

from bench.stages.foreign_code import Code, foreign_stage
from bench.stages.sandbox import SandboxStage
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
from deploy.sandbox.botconfig import environment
from deploy.sandbox.demo.view import Json, buttons, job_id_in, text_of
from deploy.sandbox.session import ENTRYPOINT
from tests.support.processes import needs_proc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), needs_proc]

MIB = 512
HUNGRY = """
import os, pathlib, time
checkpoint = pathlib.Path(os.environ["OUTPUT_DIR"], "checkpoint.pt")
done = int(checkpoint.read_text()) if checkpoint.exists() else 0
print(f"goes on after epoch {done}", flush=True)
if done == 0:
    print('@metrics {"epoch": 1, "epochs": 2, "train_loss": 0.5, "val_accuracy": 90}', flush=True)
    checkpoint.write_text("1")
    time.sleep(3)
eaten = []
for _ in range(14):
    eaten.append(bytearray(os.urandom(1024)) * (50 * 1024))
    time.sleep(0.15)
print('@metrics {"epoch": 2, "epochs": 2, "train_loss": 0.25, "val_accuracy": 95}', flush=True)
"""
AWS = Settings(images={TRAINER_IMAGE: ENTRYPOINT}, stop_timeout_seconds=5, enforce_memory=True)
PATIENCE = 120.0


async def result(stage: SandboxStage, job_id: str) -> Json:
    return await stage.view.until(f"the result of {job_id}", lambda view: view.end(job_id), PATIENCE)


def manifest(stage: SandboxStage, job_id: str) -> Json:
    aws, keys = stage.sandbox.ready["aws"], environment(stage.sandbox.ready)
    client = boto3.client(
        "s3",
        endpoint_url=aws["endpoint"],
        region_name=aws["region"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    body = client.get_object(Bucket=aws["bucket"], Key=f"jobs/clicked/{job_id}/manifest.json")["Body"]
    found: Json = json.loads(body.read())
    return found


async def test_a_job_out_of_memory_succeeds_with_more() -> None:
    clicked = Code("clicked", {"train.py": HUNGRY}, {"usd_per_hour": 0.4})
    by_bot = Code("alone", {"train.py": HUNGRY}, {"usd_per_hour": 0.4, "remedy": "auto"})
    async with foreign_stage([clicked, by_bot], memory_mib=MIB, aws=AWS) as stage:
        first, alone = [await stage.train(f"/train project:{name} branch:main") for name in ("clicked", "alone")]
        failed = await result(stage, first)
        assert f"{first} failed: it ran out of memory" in text_of(failed)
        assert "It had 512 MiB. The first button asks for 1 GiB, and goes on from its checkpoint." in text_of(failed)
        label = next(iter(buttons(failed)))
        assert re.fullmatch(r"Retry with 1 GiB, at most \$0\.\d\d", label)
        answer = await stage.mika.click(failed, buttons(failed)[label], wait=True)
        answered = text_of(answer["message"])
        second = next(each for each in re.findall(r"[0-9a-z]{6}", answered.partition("is retried as ")[2]))
        succeeded = await result(stage, second)
        assert f"{second} succeeded" in text_of(succeeded)
        card = stage.view.card(second)
        assert card is not None
        assert f"Memory: 512 MiB → 1 GiB after out of memory in {first}; from the checkpoint of {first}" in text_of(
            card
        )
        written = manifest(stage, second)
        assert (written["remedy"]["after"], written["resumed_from"]) == (1_024, first)
        again = await stage.mika.click(failed, buttons(failed)[label], wait=True)
        assert f"{first} was retried before, as {second}" in text_of(again["message"])
        end = text_of(await result(stage, alone))
        third = re.search(r"Retried with 1 GiB as (\w{6}), from its checkpoint\.", end)
        assert third is not None, end
        assert f"{third[1]} succeeded" in text_of(await result(stage, third[1]))
        assert job_id_in(failed) == first
