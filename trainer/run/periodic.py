"""Repeat an action in the background, and retry it when S3 fails."""

import threading
from collections.abc import Callable

from trainer.errors import Ended
from trainer.process import console
from trainer.storage.bucket import BucketTrouble

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0


class Periodic:
    """Calls `action` every `seconds` in a thread, until `stop`. They may grow: then `seconds` says the next pause.

    If S3 or the disk fails, it logs the first failure and doubles the delay, up to 30 s. If the action raises `Ended`,
    it passes the error to `ended` and stops.
    """

    def __init__(
        self,
        name: str,
        seconds: float | Callable[[], float],
        action: Callable[[], object],
        ended: Callable[[Ended], object],
        *,
        at_once: bool = False,
    ) -> None:
        self._name, self._action, self._ended = name, action, ended
        self._pause = seconds if callable(seconds) else lambda: seconds
        self._first = 0.0 if at_once else self._pause()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)

    def start(self) -> "Periodic":
        """Start the thread."""
        self._thread.start()
        return self

    def stop(self, timeout: float = 0.0) -> None:
        """Make no further call. Waits up to `timeout` seconds for one that is running."""
        self._stopped.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        delay, logged = self._first, False
        while not self._stopped.wait(delay):
            try:
                self._action()
            except (BucketTrouble, OSError) as error:
                delay = min(max(_FIRST_DELAY, 2 * delay), _LONGEST_DELAY)
                if not logged:
                    console.log(f"{self._name}: {error}; retrying")
                logged = True
            except Ended as error:
                self._ended(error)
                return
            else:
                delay, logged = self._pause(), False
