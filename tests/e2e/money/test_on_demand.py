"""A job whose spot machines are taken back, by the AWS stand-in: a click moves it on demand, where it goes on."""

import asyncio

import pytest

from bench.stages.foreign_code import Code, foreign_stage
from bench.stages.sandbox import SandboxStage
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE, Clients
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.view import Json, buttons, job_id_in, text_of
from deploy.sandbox.session import ENTRYPOINT
from tests.support.processes import needs_proc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), needs_proc]

CODE = """
import os, pathlib, time
checkpoint = pathlib.Path(os.environ["OUTPUT_DIR"], "checkpoint.pt")
print('@metrics {"epoch": 1, "epochs": 2, "train_loss": 0.5, "val_accuracy": 90}', flush=True)
checkpoint.write_text("1")
time.sleep(0 if os.environ.get("SIGNALBOX_MACHINE") == "steady" else 300)
print('@metrics {"epoch": 2, "epochs": 2, "train_loss": 0.25, "val_accuracy": 95}', flush=True)
"""
MACHINE = {"steady": {"queue": "steady", "usd_per_hour": 1.0}}
SETTINGS = {"usd_per_hour": 0.4, "machines": MACHINE, "on_demand_machine": "steady", "on_demand_after": 1}
PATIENCE = 120.0


async def test_a_job_that_lost_its_spot_machines_succeeds_on_demand() -> None:
    aws = Settings(images={TRAINER_IMAGE: ENTRYPOINT}, stop_timeout_seconds=5)
    async with foreign_stage([Code("taken", {"train.py": CODE}, SETTINGS)], aws=aws) as stage:
        clients = Clients(stage.sandbox.ready["aws"]["endpoint"])
        _queue_on_demand(clients)
        job_id = await stage.train("/train project:taken branch:main")
        failed = await _lose_every_machine(stage, clients, job_id)
        assert "3 machines lost so far. The first button runs it on steady, on demand, and goes on" in text_of(failed)
        label = next(iter(buttons(failed)))
        assert label.startswith("Retry on steady (on demand), at most $")
        answer = await stage.mika.click(failed, buttons(failed)[label], wait=True)
        retry = text_of(answer["message"]).partition("is retried as ")[2][:6]
        succeeded = await stage.view.until("the result", lambda view: view.end(retry), PATIENCE)
        assert f"{retry} succeeded" in text_of(succeeded)
        card = stage.view.card(retry)
        assert card is not None
        assert f"Runs on steady after 3 reclaims, the last of {job_id}; from the checkpoint" in text_of(card)
        assert _jobs(clients, "steady") == [f"signalbox-taken-{retry}"]
        assert job_id_in(failed) == job_id


def _queue_on_demand(clients: Clients) -> None:
    """Of the same machines, on demand."""
    (spot,) = clients.batch.describe_compute_environments()["computeEnvironments"]
    resources = {**spot["computeResources"], "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE"}
    environment = clients.batch.create_compute_environment(
        computeEnvironmentName="steady",
        type="MANAGED",
        state="ENABLED",
        serviceRole=spot["serviceRole"],
        computeResources=resources,
    )
    order = [{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}]
    clients.batch.create_job_queue(jobQueueName="steady", state="ENABLED", priority=10, computeEnvironmentOrder=order)


async def _lose_every_machine(stage: SandboxStage, clients: Clients, job_id: str) -> Json:
    """Take the machine back as soon as an attempt has stored its checkpoint; return the result."""
    control, aws = ControlClient(stage.sandbox.ready["aws"]["endpoint"]), stage.sandbox.ready["aws"]
    key, lost = f"jobs/taken/{job_id}/checkpoint.pt", 0
    async with asyncio.timeout(PATIENCE):
        while (failed := stage.view.end(job_id)) is None:
            jobs = clients.batch.list_jobs(jobQueue=aws["queue"], jobStatus="RUNNING")["jobSummaryList"]
            stored = clients.s3.list_objects_v2(Bucket=aws["bucket"], Prefix=key).get("Contents")
            for job in jobs if stored else ():
                detail = clients.batch.describe_jobs(jobs=[job["jobId"]])["jobs"][0]
                if len(detail.get("attempts", ())) == lost:
                    lost += 1
                    await control.reclaim(job["jobId"])
            await asyncio.sleep(0.2)
    return failed


def _jobs(clients: Clients, queue: str) -> list[str]:
    ended = clients.batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    return [job["jobName"] for job in ended]
