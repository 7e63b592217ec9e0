"""The images that `make image-test` builds, and jobs in the trainer's, submitted to the AWS stand-in."""

import os
import shutil
import sys
from collections.abc import AsyncIterator

import pytest

from bench.stages import batch_only
from bench.stages.batch_only import Aws
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
from tests.support.git import private, repository

__all__ = ["private", "repository"]


def _image(variable: str) -> str:
    name = os.environ.get(variable, "")
    if not name:
        pytest.skip(f"{variable} names no image: run make image-test")
    if not shutil.which("podman"):
        pytest.skip("podman is not installed: apt-get install podman runc")
    return name


@pytest.fixture(scope="session")
def trainer() -> str:
    return _image("SIGNALBOX_TRAINER_IMAGE")


@pytest.fixture(scope="session")
def bot() -> str:
    return _image("SIGNALBOX_BOT_IMAGE")


@pytest.fixture
async def aws(trainer: str) -> AsyncIterator[Aws]:
    """Runs jobs in the trainer's image."""
    inherited = {name: os.environ[name] for name in ("CONTAINERS_CONF",) if name in os.environ}
    settings = Settings(
        images={TRAINER_IMAGE: (sys.executable, "-m", "deploy.image.podman_run", trainer)},
        environment={**Settings().environment, **inherited},
        stop_timeout_seconds=30,
        signal_group=False,
        limit_capabilities=False,
    )
    async with batch_only.aws(settings) as made:
        yield made
