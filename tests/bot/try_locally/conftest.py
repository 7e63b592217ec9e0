"""A repository to try, with `python` in the PATH."""

import os
import sys
from pathlib import Path

import pytest

from tests.bot.try_locally.home import Home


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python` is this one, as in an active environment."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
