"""Refine the engine's reason for an end by what the entrypoint itself reported."""

from bot.domain.model.states import EndReason
from trainer.contract import ExitCode


def entrypoint_failed(reason: EndReason | None, exit_code: int | None, detail: str) -> bool:
    """True if the command never ran to its end: the exit code is one of the entrypoint's own, and its line says why."""
    own_exit_codes = {int(code) for code in ExitCode}
    return reason is EndReason.COMMAND_FAILED and bool(detail) and exit_code in own_exit_codes
