"""Training code that knows nothing of Signalbox, by `/train` to its plot: a tutorial's, and that of walking robots."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest
import tomli_w

from bot.domain.metrics.metrics_table import Table
from deploy.sandbox.session import Sandbox, sandbox
from tests.support.git import Repository
from tests.support.waiting import PATIENCE, PATIENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HANDS_ON = '''
"""Takes its flags, and writes its table once, at the end, under a name made of them."""
import argparse
import csv

flags = argparse.ArgumentParser()
flags.add_argument("--lr", type=float)
flags.add_argument("--momentum", type=float)
flags.add_argument("--epochs", type=int)
given = flags.parse_args()
rows = [(2 / epoch, 3 / epoch, 90 + given.lr * epoch) for epoch in range(1, given.epochs + 1)]
with open(f"metrics_lr{given.lr:0.4f}_m{given.momentum:0.4f}.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["train_loss", "val_loss", "val_accuracy"])
    table.writerows(rows)
'''
WALKING = '''
"""Learns to walk: a table with names and spaces of its own, deep in its own folder, and a picture."""
import os

NAMES = ("time_elapsed, reward_sum, final_reward, maximum_leg_error, num_timesteps, distance_sum, "
         "final_distance, unperm_sum")
os.makedirs("out/monitor")
with open("out/monitor/progress.csv", "w") as file:
    file.write(NAMES + "\\n")
    for n in range(1, 31):
        file.write(f"{n * 1.5}, {n - 10}, {n / 10}, 0.5, {n * 2048}, {n * 3}, {n / 30}, {-n}\\n")
'''
LEAVES_FILES = '''
"""Writes where it runs, as most code does: weights, a log folder, links, one of them broken, its data, a key."""
import os

for folder in ("runs/exp", "checkpoints", "data"):
    os.makedirs(folder, exist_ok=True)
for name in ("checkpoints/epoch=3.ckpt", "runs/exp/events.out.tfevents.1", "data/raw.bin", ".env"):
    open(name, "w").write(name)
os.symlink("checkpoints/epoch=3.ckpt", "best.ckpt")
os.symlink("missing", os.path.join(os.environ["OUTPUT_DIR"], "model.pt"))
'''
GROWING = '''
"""Writes a row of an ordinary table every few seconds, and reports nothing."""
import os
import time

os.makedirs("lightning_logs/version_0")
with open("lightning_logs/version_0/metrics.csv", "w", buffering=1) as file:
    file.write("epoch,step,train_loss,val_accuracy\\n")
    for epoch in range(1, 6):
        file.write(f"{epoch},{epoch * 100},{1 / epoch},\\n{epoch},{epoch * 100},,{90 + epoch}\\n")
        time.sleep(3)
'''
HANDS_ON_PARAMETERS = {
    "lr": {"type": "float", "default": 0.1},
    "momentum": {"type": "float", "default": 0.5},
    "epochs": {"type": "int", "default": 4},
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A sandbox with two projects of foreign code: `tutorial` in #training, `walk` in #lab."""

    ready: dict[str, Any]
    session: aiohttp.ClientSession

    async def train(self, channel: str, text: str) -> dict[str, Any]:
        """The message that tells the job's end."""
        channel_id = self.ready["discord"]["channels"][channel]
        body = {"channel_id": channel_id, "text": text, "wait": True}
        async with self.session.post(self._url("commands"), json=body) as response:
            answer = await response.json()
            assert response.status == 200, answer
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.session.get(self._url(f"channels/{channel_id}/messages")) as response:
                    messages = await response.json()
                for message in messages:
                    if "succeeded" in message["content"] or "failed" in message["content"]:
                        return dict(message)
                await asyncio.sleep(0.2)

    async def live_card(self, channel: str, words: str) -> str:
        """The text of the card once it has these words."""
        channel_id = self.ready["discord"]["channels"][channel]
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.session.get(self._url(f"channels/{channel_id}/messages")) as response:
                    messages = await response.json()
                for message in messages:
                    for embed in message["embeds"]:
                        if words in (text := embed.get("description") or ""):
                            return str(text)
                await asyncio.sleep(0.2)

    async def picture(self, message: dict[str, Any]) -> bytes:
        [attachment] = [each for each in message["attachments"] if each["filename"].endswith(".png")]
        async with self.session.get(attachment["url"]) as response:
            return await response.read()

    def metrics(self) -> bytes:
        """The one job's table, as it lies in S3."""
        [content] = self.stored("/metrics.csv").values()
        return content

    def stored(self, part: str) -> dict[str, bytes]:
        """The objects with this in their keys, by what follows it, or by the whole key."""
        aws = self.ready["aws"]
        s3 = boto3.client(
            "s3",
            endpoint_url=aws["endpoint"],
            region_name=aws["region"],
            aws_access_key_id=aws["access_key_id"],
            aws_secret_access_key=aws["secret_access_key"],
        )
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=aws["bucket"])["Contents"] if part in each["Key"]]
        return {
            key.partition(part)[2] or key: s3.get_object(Bucket=aws["bucket"], Key=key)["Body"].read() for key in keys
        }

    def _url(self, what: str) -> str:
        return f"{self.ready['discord']['url']}/sandbox/people/mika/{what}"


def configure(place: Sandbox, repository: Repository) -> None:
    """Two projects in place of the sandbox's own."""
    path = place.folder / "config.toml"
    config = tomllib.loads(path.read_text())
    common = {**config["projects"]["mnist"], "repository": repository.url, "branches": ["main"]}
    channels = place.ready["discord"]["channels"]
    config["projects"] = {
        "tutorial": {
            **common,
            "command": ["python", "main.py"],
            "channels": [int(channels["training"])],
            "parameters": HANDS_ON_PARAMETERS,
        },
        "grow": {
            **common,
            "command": ["python", "grow.py"],
            "channels": [],
            "parameters": {"epochs": {"type": "int", "default": 5}},
        },
        "walk": {
            **common,
            "command": ["python", "walk.py"],
            "channels": [int(channels["lab"])],
            "parameters": {},
            "metric": "reward_sum",
            "metrics_file": "out/monitor/*.csv",
            "columns": {"epoch": "num_timesteps"},
        },
        "leave": {**common, "command": ["python", "leave.py"], "channels": [], "parameters": {}},
    }
    path.write_text(tomli_w.dumps(config))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = Repository(folder)
    repository.git("init", "--quiet", "--initial-branch=main")
    files = {"main.py": HANDS_ON, "walk.py": WALKING, "leave.py": LEAVES_FILES, "grow.py": GROWING}
    repository.commit(files, "Code of others")
    async with sandbox(limits=PATIENT) as place, aiohttp.ClientSession() as session:
        configure(place, repository)
        await place.bot.start()
        yield Scene(place.ready, session)


async def test_the_hands_ons_script_ends_with_its_plot(scene: Scene) -> None:
    told = await scene.train("training", "/train branch:main lr:0.5 momentum:0.1 epochs:4")
    assert "val_accuracy 92" in told["content"]
    assert (await scene.picture(told)).startswith(b"\x89PNG")
    table = Table.parse(scene.metrics(), {})
    assert list(table.columns) == ["train_loss", "val_loss", "val_accuracy"]
    assert list(table.columns["val_accuracy"]) == [90.5, 91.0, 91.5, 92.0]


async def test_a_table_of_reinforcement_learning_ends_with_its_plot(scene: Scene) -> None:
    told = await scene.train("lab", "/train branch:main")
    assert "reward_sum 20" in told["content"]
    assert (await scene.picture(told)).startswith(b"\x89PNG")
    table = Table.parse(scene.metrics(), {"epoch": "num_timesteps"})
    assert list(table.columns["reward_sum"])[:2] == [-9.0, -8.0]
    assert list(table.x)[-1] == 30 * 2048
    assert len(table.columns) == 7


async def test_what_it_left_in_its_folder_is_kept_and_what_is_lost_is_named(scene: Scene) -> None:
    told = await scene.train("training", "/train project:leave branch:main")
    assert "succeeded" in told["content"]
    assert "not stored: model.pt (it is a link to missing, which does not exist)" in told["content"]
    kept = scene.stored("/artifacts/")
    assert kept == {
        "best.ckpt": b"checkpoints/epoch=3.ckpt",
        "checkpoints/epoch=3.ckpt": b"checkpoints/epoch=3.ckpt",
        "runs/exp/events.out.tfevents.1": b"runs/exp/events.out.tfevents.1",
    }


async def test_a_logger_that_knows_nothing_of_us_is_live_on_the_card(scene: Scene) -> None:
    training = asyncio.create_task(scene.train("lab", "/train project:grow branch:main"))
    text = await scene.live_card("lab", "val_accuracy **9")
    assert not training.done(), "the card shows it while the job runs"
    assert "epoch **" in text
    assert "/5 " in text, "the total is the parameter's"
    told = await training
    assert "val_accuracy 95 at epoch 5 of 5" in told["content"]
