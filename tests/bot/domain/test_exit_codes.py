import pytest

from bot.domain.exit_codes import refined
from bot.domain.model.states import EndReason
from trainer.contract import ExitCode


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (ExitCode.BAD_CONTRACT, EndReason.SETUP_FAILED),
        (ExitCode.BUCKET_NOT_WRITABLE, EndReason.SETUP_FAILED),
        (ExitCode.DISK_FULL, EndReason.SETUP_FAILED),
        (ExitCode.ALREADY_RUNNING, EndReason.SUPERSEDED),
        (ExitCode.CLAIM_LOST, EndReason.SUPERSEDED),
        (ExitCode.INTERNAL_ERROR, EndReason.TRAINER_FAILED),
        (ExitCode.RESULTS_NOT_STORED, EndReason.RESULTS_NOT_STORED),
        (ExitCode.METADATA_OPEN, EndReason.SETUP_FAILED),
        (1, EndReason.COMMAND_FAILED),
        (None, EndReason.COMMAND_FAILED),
    ],
)
def test_the_entrypoints_codes_have_reasons(code: int | None, reason: EndReason) -> None:
    assert refined(EndReason.COMMAND_FAILED, code, "its line") is reason


def test_a_commands_own_code_is_the_commands() -> None:
    assert refined(EndReason.COMMAND_FAILED, 74, "") is EndReason.COMMAND_FAILED


def test_the_engines_reason_stands() -> None:
    assert refined(EndReason.STOPPED, 74, "its line") is EndReason.STOPPED
