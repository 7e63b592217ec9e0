"""The container's entrypoint: `python -m trainer.entrypoint -- <command…>`.

Claims the job, fetches the commit, installs what the project asks for, restores the last checkpoint, runs the
command, and stores what it leaves, however it ends. The environment and the exit codes: `trainer/contract.py`.
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
from trainer.process.stopping import Stopping
from trainer.process.tools import Programs


class Fetching:
    """The checkout, under way in a thread: git and the AWS SDK take a third of a second each."""

    def __init__(self, job: Assignment, programs: Programs) -> None:
        self._job, self._programs = job, programs
        self._outcome: checkout.Fetched | BaseException = RuntimeError("not fetched")
        self._thread = threading.Thread(target=self._run, daemon=True, name="checkout")
        self._thread.start()

    def result(self) -> checkout.Fetched:
        """Waits for it, and raises what it raised."""
        self._thread.join()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def _run(self) -> None:
        job = self._job
        source = checkout.Source(job.repository, job.commit, job.branch, job.token)
        try:
            self._outcome = checkout.fetch(source, job.code, self._programs)
        except BaseException as error:  # raised again by result()
            self._outcome = error


def main(arguments: Sequence[str]) -> int:
    """The exit code: the command's, or one of the contract's with its line in the log."""
    programs = Programs()
    stopping = Stopping()
    stopping.listen()
    try:
        return _run(arguments, programs, stopping)
    except Stopped:
        console.say("stopped before the command was started")
        return STOPPED
    except Ended as error:
        return _told(error.trouble)
    except OSError as error:
        ended = disk_full(error)
        return _told(ended.trouble if ended else _unexpected(error))
    except Exception as error:
        return _told(_unexpected(error))
    finally:
        programs.end()


def _run(arguments: Sequence[str], programs: Programs, stopping: Stopping) -> int:
    job = assignment.read(os.environ, list(arguments[1:] if arguments[:1] == ["--"] else arguments))
    console.hide(job.token)
    fetching = Fetching(job, programs)
    from trainer.run.attempt import Attempt  # noqa: PLC0415  loads the AWS SDK, while git fetches

    return Attempt(job, fetching.result, programs, stopping).run()


def _told(trouble: Trouble) -> int:
    console.emit(format_trouble(Trouble(trouble.code, console.masked(trouble.message))))
    return trouble.code


def _unexpected(error: Exception) -> Trouble:
    console.emit(console.masked("".join(traceback.format_exception(error)).rstrip()))
    return Trouble(ExitCode.INTERNAL_ERROR, f"The entrypoint failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # at once: an upload that was given up may still hold a thread
