"""The container's entrypoint: `python -m trainer.entrypoint -- <command…>`.

Claims the job, fetches the commit, installs the project's requirements, restores the last checkpoint, runs the
command, and stores its files, however it ends. `trainer/contract.py` has the environment and the exit codes.
"""

import os
import sys
import threading
import traceback
from collections.abc import Sequence

from trainer.contract import STOPPED, ExitCode, Trouble, format_trouble
from trainer.errors import Ended, Stopped, disk_full
from trainer.fetch import assignment, checkout
from trainer.fetch.assignment import Assignment
from trainer.process import console
from trainer.process.environment import conceal, forget_the_folder
from trainer.process.stopping import Stopping
from trainer.process.tools import Programs
from trainer.process.users import Users, separate
from trainer.redaction import known


class BackgroundCheckout:
    """Fetches the commit in a thread, while the AWS SDK loads: each takes a third of a second."""

    def __init__(self, job: Assignment, programs: Programs, users: Users | None) -> None:
        self._job, self._programs, self._users = job, programs, users
        self._outcome: checkout.Fetched | BaseException = RuntimeError("not fetched")
        self._thread = threading.Thread(target=self._run, daemon=True, name="checkout")
        self._thread.start()

    def result(self) -> checkout.Fetched:
        """Wait for the checkout. Raises whatever it raised."""
        self._thread.join()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def _run(self) -> None:
        job = self._job
        source = checkout.Source(job.repository, job.commit, job.branch, job.token, job.tags, job.lfs)
        try:
            self._outcome = checkout.fetch(source, job.code, self._programs, self._users)
        except BaseException as error:  # raised again by result()
            self._outcome = error


def main(arguments: Sequence[str], stopping: Stopping | None = None) -> int:
    """Run the job and return the exit code: the command's, or an `ExitCode` with its line in the log."""
    users = separate()
    programs = Programs(users.training if users else None)
    stopping = stopping or Stopping()
    stopping.listen()
    try:
        return _run(arguments, programs, stopping, users)
    except Stopped:
        console.log("stopped before the command started")
        return STOPPED
    except Ended as error:
        return _log_trouble(error.trouble)
    except OSError as error:
        ended = disk_full(error)
        return _log_trouble(ended.trouble if ended else _unexpected(error))
    except Exception as error:
        return _log_trouble(_unexpected(error))
    finally:
        programs.end()


def _run(arguments: Sequence[str], programs: Programs, stopping: Stopping, users: Users | None) -> int:
    job = assignment.read(os.environ, list(arguments[1:] if arguments[:1] == ["--"] else arguments))
    for secret in (job.token, job.key, job.origin.key if job.origin else "", *job.secrets.values()):
        known.hide(secret)
    for name in job.secrets:
        del os.environ[name]  # git and pip, and what they run, have no use for it
    fetching = BackgroundCheckout(job, programs, users)
    from trainer.run.attempt import Attempt, open_bucket  # noqa: PLC0415  loads the AWS SDK, while git fetches

    training = users.training if users else None
    return Attempt(job, open_bucket(job.output_uri), fetching.result, programs, stopping, training).run()


def _log_trouble(trouble: Trouble) -> int:
    console.emit(format_trouble(Trouble(trouble.code, console.masked(trouble.message))))
    return trouble.code


def _unexpected(error: Exception) -> Trouble:
    console.emit(console.masked("".join(traceback.format_exception(error)).rstrip()))
    return Trouble(ExitCode.INTERNAL_ERROR, f"The entrypoint failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    forget_the_folder()
    conceal(sys.orig_argv[1:])
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # without waiting for an abandoned upload that still holds a thread
