"""Refine the engine's reason for an end by what the entrypoint itself reported."""

from bot.domain.model.states import EndReason
from trainer.contract import ExitCode

_BEFORE_THE_COMMAND = EndReason.SETUP_FAILED
_REASONS = {
    ExitCode.ALREADY_RUNNING: EndReason.SUPERSEDED,
    ExitCode.CLAIM_LOST: EndReason.SUPERSEDED,
    ExitCode.INTERNAL_ERROR: EndReason.TRAINER_FAILED,
    ExitCode.RESULTS_NOT_STORED: EndReason.RESULTS_NOT_STORED,
}
"""Those that may come once the command runs, or are no failure. `trainer/` raises all others before the command."""


def refined(reason: EndReason | None, exit_code: int | None, detail: str) -> EndReason | None:
    """Return the entrypoint's reason if the exit code is one of its own, and its line says why; else the engine's.

    Without that line the code is the command's, which may be any number.
    """
    if reason is not EndReason.COMMAND_FAILED or not detail or exit_code not in {int(code) for code in ExitCode}:
        return reason
    return _REASONS.get(ExitCode(exit_code), _BEFORE_THE_COMMAND)
