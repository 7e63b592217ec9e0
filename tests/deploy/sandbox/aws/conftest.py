"""One AWS stand-in for all tests of a worker, called over HTTP with boto3."""

from collections.abc import Iterator

import pytest

from deploy.sandbox.aws.resources import ResourcePlan, create
from tests.support.aws_stand_in import PYTHON, SETTINGS, Sandbox, running_stand_in


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    plan = ResourcePlan(name="test", image=PYTHON, vcpus=1, memory_mib=512, max_vcpus=4)
    with running_stand_in(SETTINGS) as endpoint:
        yield Sandbox(endpoint, create(endpoint, plan))


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The stand-in; its settings and faults are reset after each test."""
    yield _sandbox
    _sandbox.control("DELETE", "faults")
    _sandbox.control("POST", "settings", SETTINGS.model_dump())
