"""When a delivery last came to an end, for the health page."""

from collections.abc import Callable

STALLED_SECONDS = 240.0
"""No delivery ended for this long while messages wait: something hangs, or Discord is down."""


class Progress:
    """Whatever hangs, `wrong` shows it: it looks only at the time of the last delivery."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since = now()
        self._waiting = 0

    def delivered(self) -> None:
        self._since = self._now()

    def waiting(self, messages: int) -> None:
        """Record how many wait now. With none, the time starts anew."""
        if not messages or not self._waiting:
            self._since = self._now()
        self._waiting = messages

    def wrong(self) -> str:
        """What the health page shows; empty if all is well."""
        seconds = self._now() - self._since
        if not self._waiting or seconds < STALLED_SECONDS:
            return ""
        return f"deliver: nothing delivered to Discord for {seconds:.0f} s, and {self._waiting} messages or more wait"
