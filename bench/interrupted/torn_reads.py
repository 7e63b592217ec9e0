"""Read a job's objects in S3 again and again, and check that each is complete."""

import asyncio
import io
import json
from typing import Any

import torch

from trainer.contract import METRICS_CSV

INTERVAL_SECONDS = 0.05


class Watch:
    """Reads every object under `prefix` whenever it changes. `torn` lists those that were incomplete, and why."""

    def __init__(self, s3: Any, bucket: str, prefix: str) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, prefix
        self._etags: dict[str, str] = {}
        self._stopped = False
        self.reads = 0
        self.torn: list[str] = []

    async def run(self) -> None:
        """Read until `stop`, and once more afterwards."""
        while not self._stopped:
            await asyncio.to_thread(self._read_changed)
            await asyncio.sleep(INTERVAL_SECONDS)
        await asyncio.to_thread(self._read_changed)

    def stop(self) -> None:
        self._stopped = True

    def _read_changed(self) -> None:
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        for each in listed.get("Contents", []):
            if self._etags.get(each["Key"]) != each["ETag"]:
                self._read(each["Key"])

    def _read(self, key: str) -> None:
        answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        name, body = key.removeprefix(self._prefix), answer["Body"].read()
        self._etags[key] = answer["ETag"]
        self.reads += 1
        problem = problem_of(name, body)
        if problem:
            self.torn.append(f"{name}: {problem}")


def problem_of(name: str, body: bytes) -> str:
    """Describe what is wrong with a job's object; empty if it is complete."""
    try:
        if name == METRICS_CSV:
            return _problem_of_table(body.decode())
        if name.endswith(".pt"):
            torch.load(io.BytesIO(body), weights_only=True)
        if name.endswith(".json"):
            json.loads(body)
    except Exception as error:  # half a file can raise anything
        return f"{type(error).__name__}: {error}"
    return ""


def _problem_of_table(text: str) -> str:
    """Check that every epoch from the first on is there once, with all its numbers."""
    header, *lines = text.splitlines()
    table = [[float(cell) for cell in line.split(",")] for line in lines]
    if not text.endswith("\n") or any(len(row) != len(header.split(",")) for row in table):
        return "an incomplete row"
    place = header.split(",").index("epoch")
    epochs = [int(row[place]) for row in table]
    return "" if epochs == list(range(1, len(epochs) + 1)) else f"epochs {epochs}"
