"""For every test: machines are slow at times, and a property is no less true then.

Generated examples are few and the same each time; with `--hypothesis-profile=thorough` (`make test-thorough`) they are
many, and others each time.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bot.domain.texts.command_names import name_commands
from bot.services.running.wakeups import Wakeups

settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30, derandomize=True
)
settings.register_profile("thorough", parent=settings.get_profile("patient"), max_examples=1_000, derandomize=False)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def command_names() -> Iterator[None]:
    """No test sees the ids that another test's bot registered."""
    yield
    name_commands()


@pytest.fixture
def wakeups() -> Wakeups:
    """Those that the store's commits wake."""
    return Wakeups()
