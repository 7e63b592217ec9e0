"""Errors that end an attempt before, or instead of, its command."""

import errno

from trainer.contract import ExitCode, Trouble


class Ended(Exception):
    """The attempt cannot continue. `trouble` has the exit code, and the message for the log."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.trouble = Trouble(code, message)


class Stopped(BaseException):
    """SIGTERM arrived before the command started. Not an Exception, so no handler on the way catches it."""


def disk_full(error: OSError) -> Ended | None:
    """Turn a full disk into the error that ends the attempt. None for any other error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    place = f" at {error.filename}" if error.filename else ""
    return Ended(ExitCode.DISK_FULL, f"The disk is full{place}. Give the job more storage, or write less.")
