"""Do something again and again in the background, and survive S3's bad days."""

import threading
from collections.abc import Callable

from trainer.errors import Ended
from trainer.process.console import say
from trainer.storage.bucket import BucketTrouble

_FIRST_DELAY, _LONGEST_DELAY = 1.0, 30.0


class Periodic:
    """Calls `action` every `seconds` in a thread, until `stop`.

    After a failure of S3 or the disk it says so and waits longer each time; `Ended` goes to `ended`, and
    nothing more is done.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        action: Callable[[], object],
        ended: Callable[[Ended], object],
        *,
        at_once: bool = False,
    ) -> None:
        self._name, self._seconds, self._action, self._ended = name, seconds, action, ended
        self._first = 0.0 if at_once else seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=name)

    def start(self) -> "Periodic":
        self._thread.start()
        return self

    def stop(self, timeout: float = 0.0) -> None:
        """No further call; waits so long at most for one that is under way."""
        self._over.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        delay, said = self._first, False
        while not self._over.wait(delay):
            try:
                self._action()
            except (BucketTrouble, OSError) as error:
                delay = min(max(_FIRST_DELAY, 2 * delay), _LONGEST_DELAY)
                if not said:
                    say(f"{self._name}: {error}; trying again")
                said = True
            except Ended as error:
                self._ended(error)
                return
            else:
                delay, said = self._seconds, False
