"""A sandbox to sweep in, and what a person asks for there.

#training has the sandbox's own digits. #lab has a program that takes no time but the seconds that it is told to: what
it comes to is known beforehand, by `accuracy`.
"""

import asyncio
import csv
import io
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import tomli_w

from bot.adapters.sqlite.snapshot import write_snapshot
from bot.adapters.sqlite.store import open_store
from bot.config import loading
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE, Clients
from deploy.sandbox.demo.view import Json, View, buttons, text_of
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import ENTRYPOINT, Sandbox, sandbox
from tests.support.git import Repository
from tests.support.waiting import PATIENT

ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")
PATIENCE = 120.0
"""Seconds to wait for anything to be seen."""
ALONE = 1 << 6
"""The flag of a message that the asker alone sees."""
LAB = '''
"""Diverges above lr 0.5 while {broken} is there."""
import argparse
import pathlib
import time
from trainer import report

flags = argparse.ArgumentParser()
for name, kind in (("lr", float), ("momentum", float), ("epochs", int), ("wait", float), ("folds", int), ("fold", int)):
    flags.add_argument(f"--{name}", type=kind, default=0)
run = flags.parse_args()
print(f"lr {run.lr:g}, fold {run.fold}", flush=True)
for epoch in range(1, run.epochs + 1):
    time.sleep(run.wait)
    report(epoch=epoch, epochs=run.epochs, val_accuracy=round(80 - 100 * abs(run.lr - 0.3) + epoch + run.fold, 3))
if run.lr > 0.5 and pathlib.Path("{broken}").exists():
    raise ArithmeticError(f"lr {run.lr:g} diverges")
'''
LAB_PARAMETERS = {
    "lr": {"type": "float", "default": 0.1, "min": 1e-6, "max": 1.0},
    "momentum": {"type": "float", "default": 0.5, "aliases": ["m"]},
    "epochs": {"type": "int", "default": 3, "min": 1, "max": 500},
    "wait": {"type": "float", "default": 0.0, "min": 0.0, "max": 60.0},
    "folds": {"type": "int", "default": 1},
    "fold": {"type": "int", "default": 0},
}


def accuracy(lr: float, epochs: int, fold: int = 0) -> Decimal:
    """What a trial in #lab comes to."""
    return Decimal(str(round(80 - 100 * abs(lr - 0.3) + epochs + fold, 3)))


@dataclass(frozen=True, slots=True)
class Stage:
    sandbox: Sandbox
    mika: Person
    view: View
    session: aiohttp.ClientSession
    aws: Clients
    broken: Path
    """While this file is there, trials in #lab above lr 0.5 diverge."""

    async def ask(self, text: str, channel: str = "lab") -> Json:
        """The answer, which nobody else may see."""
        outcome = await self.mika.type(text, channel=channel, wait=True)
        assert outcome["error"] is None
        message: Json = outcome["message"]
        assert message["flags"] & ALONE, message
        return message

    async def said(self, text: str, channel: str = "lab") -> str:
        return text_of(await self.ask(text, channel))

    async def start(self, text: str, channel: str = "lab") -> str:
        """The id of the sweep or job that this starts: `Starting <id>`, `Retrying … as <id>`."""
        said = await self.said(text, channel)
        return id_in(said.partition(" as ")[2] if said.startswith("Retrying") else said)

    async def click(self, message: Json, label: str) -> Json:
        return await self.mika.click(message, buttons(message)[label], wait=True)

    async def shows(self, job_id: str, pattern: str) -> Json:
        """The card, as soon as it shows this."""

        def look(view: View) -> Json | None:
            card = view.card(job_id)
            return card if card is not None and re.search(pattern, text_of(card), flags=re.S) else None

        return await self.view.until(f"{pattern!r} on the card of {job_id}", look, seconds=PATIENCE)

    async def end(self, job_id: str) -> Json:
        return await self.view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=PATIENCE)

    async def table(self, message: Json) -> list[dict[str, str]]:
        """The rows of the CSV that a message on an end has with it."""
        (attachment,) = [each for each in message["attachments"] if each["filename"].endswith(".csv")]
        async with self.session.get(attachment["url"]) as response:
            return list(csv.DictReader(io.StringIO(await response.text())))

    async def picture(self, address: str) -> bytes:
        async with self.session.get(address) as response:
            return await response.read()

    # ---- what came of it, outside of the chat --------------------------------------------------------------
    async def submissions(self, job_id: str = "") -> list[Json]:
        """SubmitJob calls with this in their name, that had their effect."""
        async with self.session.get(f"{self.aws_url}/sandbox/ledger?kind=job.submit") as response:
            return [entry for entry in await response.json() if job_id in entry["jobName"]]

    async def calls(self, *actions: str) -> int:
        """How often these have been called so far."""
        async with self.session.get(f"{self.aws_url}/sandbox/calls") as response:
            return sum(entry["calls"] for entry in await response.json() if entry["action"] in actions)

    def metrics(self, sweep_id: str, number: int) -> list[dict[str, str]]:
        """A trial's `metrics.csv`, from S3."""
        key = f"jobs/mnist/{sweep_id}/{number}/metrics.csv"
        content = self.aws.s3.get_object(Bucket=self.sandbox.ready["aws"]["bucket"], Key=key)["Body"].read()
        return list(csv.DictReader(io.StringIO(content.decode())))

    async def stored(self, sweep_id: str) -> tuple[Sweep, Mapping[int, Trial], Project]:
        """What the running bot knows of a sweep."""
        settings = loading.load(self.sandbox.folder / "config.toml")
        copy = self.sandbox.folder / f"copy-{sweep_id}.db"
        await asyncio.to_thread(write_snapshot, loading.store_path(settings), copy)
        async with open_store(copy) as store:
            sweep, trials = await store.job(sweep_id), await store.trials(sweep_id)
        assert isinstance(sweep, Sweep)
        projects = {project.name: project for project in loading.projects(settings)}
        return sweep, {trial.number: trial for trial in trials}, projects[sweep.run.project]

    async def restart(self, seconds: float) -> None:
        """The bot is killed, and away for so long."""
        self.sandbox.bot.kill()
        await self.sandbox.bot.wait()
        await asyncio.sleep(seconds)
        await self.sandbox.bot.start()

    def written(self, channel: str) -> int:
        """How many messages are in the channel, as far as somebody else may see them."""
        place = self.sandbox.ready["discord"]["channels"][channel]
        return sum(m["channel_id"] == place and not m["flags"] & ALONE for m in self.view.messages.values())

    def endings(self, job_id: str) -> int:
        return sum(bool(m["mentions"]) and m["content"].startswith(job_id) for m in self.view.messages.values())

    @property
    def aws_url(self) -> str:
        return str(self.sandbox.ready["aws"]["endpoint"])


@asynccontextmanager
async def stage(
    folder: Path, program: str = LAB, parameters: Mapping[str, Json] = LAB_PARAMETERS
) -> AsyncIterator[Stage]:
    """With its bot, and this program in #lab."""
    broken, repository = folder / "broken", Repository(folder / "repository")
    repository.folder.mkdir()
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.commit({"train.py": program.replace("{broken}", str(broken))}, "Learn at once")
    images = {TRAINER_IMAGE: ENTRYPOINT}
    settings = Settings(images=images, stop_timeout_seconds=5, record_calls=True)
    async with sandbox(limits=PATIENT, aws=settings) as running, aiohttp.ClientSession() as session:
        _configure(running, repository, parameters)
        await running.bot.start()
        async with Person(running.ready["discord"]["url"], "mika") as mika:
            view = View(mika, lambda _: None)
            feed = asyncio.create_task(view.feed())
            aws = await asyncio.to_thread(Clients, running.ready["aws"]["endpoint"])
            try:
                yield Stage(running, mika, view, session, aws, broken)
            finally:
                feed.cancel()


def id_in(text: str) -> str:
    found = ID.search(text)
    assert found, text
    return found[0]


def _configure(place: Sandbox, repository: Repository, parameters: Mapping[str, Json]) -> None:
    path = place.folder / "config.toml"
    content: dict[str, Any] = tomllib.loads(path.read_text())
    own = {"repository": repository.url, "branches": ["main"], "parameters": dict(parameters)}
    channels = [int(place.ready["discord"]["channels"]["lab"])]
    content["projects"]["lab"] = {**content["projects"]["mnist"], **own, "channels": channels}
    path.write_text(tomli_w.dumps(content))
