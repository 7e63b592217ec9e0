"""The trainer's entrypoint as the process that it is, and what it leaves."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.waiting import PATIENCE
from trainer.contract import Trouble, parse_trouble
from trainer.storage.bucket import Bucket

STEADY = """
import time, trainer
state = trainer.checkpoint.load() or {"epoch": 0}
print("goes on after", state["epoch"], flush=True)
for epoch in range(state["epoch"] + 1, 31):
    time.sleep(0.3)
    trainer.report(epoch=epoch, epochs=30, train_loss=1 / epoch)
    trainer.checkpoint.save({"epoch": epoch})
"""
"""A training that resumes from its checkpoint."""
KILLED_AFTER = 30
"""Seconds from SIGTERM until ECS and Docker kill."""


@dataclass(slots=True)
class Container:
    """Runs the entrypoint as a container would. `environment` has the variables of job definition and job."""

    folder: Path
    environment: dict[str, str]
    entrypoint: tuple[str, ...] = ("-m", "trainer.entrypoint")
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Start it. Its output goes to `container.log` in its own folder, which is also its TMPDIR."""
        place = self.folder / f"container-{len(self.running)}"
        place.mkdir()
        with (place / "container.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *self.entrypoint, "--", *command],
                cwd=place,
                env={**self.environment, "TMPDIR": str(place), **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def run(self, *command: str, **more: str) -> tuple[int, str]:
        """Run it to its end. Returns the exit code and the log."""
        process = self.start(*command, **more)
        return process.wait(PATIENCE), self.log(process)

    def log(self, process: subprocess.Popen[str]) -> str:
        return (self.folder / f"container-{self.running.index(process)}" / "container.log").read_text()


def trouble_in(log: str) -> Trouble:
    found = [trouble for line in log.splitlines() if (trouble := parse_trouble(line))]
    assert len(found) == 1, log
    return found[0]


def text(bucket: Bucket, key: str) -> str:
    stored = bucket.get(key)
    assert stored is not None, f"{key} is not in the bucket"
    return stored.body.decode()
