"""How an attempt ends other than by its command."""

import errno

from trainer.contract import ExitCode, Trouble


class Ended(Exception):
    """The attempt cannot go on; `trouble` is what the log and the exit code say."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.trouble = Trouble(code, message)


class Stopped(BaseException):
    """SIGTERM came before the command was started. Not an error, and nothing catches it on the way."""


def disk_full(error: OSError) -> Ended | None:
    """What to end with where the disk has no room left; None for any other error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    place = f" at {error.filename}" if error.filename else ""
    return Ended(ExitCode.DISK_FULL, f"The disk is full{place}: give the job more storage, or let it write less.")
