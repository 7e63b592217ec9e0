"""docs/training-code.md agrees with the contract."""

from pathlib import Path

import pytest

from trainer import contract
from trainer.contract import Env, ExitCode
from trainer.process.stopping import COMMAND_SECONDS, UPLOAD_SECONDS

PAGE = (Path(__file__).parents[2] / "docs" / "training-code.md").read_text()


@pytest.mark.parametrize("name", list(Env))
def test_page_lists_every_variable(name: Env) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("code", list(ExitCode))
def test_page_lists_every_exit_code(code: ExitCode) -> None:
    assert f"| {int(code)} | `{code.slug}` |" in PAGE


def test_page_lists_every_stored_file() -> None:
    names = (contract.MANIFEST_JSON, contract.METRICS_CSV, contract.CHECKPOINT, contract.PREVIOUS_CHECKPOINT)
    assert all(f"`{name}`" in PAGE for name in (*names, contract.MODEL, contract.CLAIM_JSON))


def test_page_has_the_time_limits_of_the_code() -> None:
    assert f"has {COMMAND_SECONDS:g} s to end" in PAGE
    assert f"within {UPLOAD_SECONDS:g} s" in PAGE
    assert COMMAND_SECONDS < UPLOAD_SECONDS < 30
