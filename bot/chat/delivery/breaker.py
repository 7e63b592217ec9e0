"""Stop calling Discord after too many refusals: 10,000 invalid requests in ten minutes ban the IP address.

https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

from collections import deque
from collections.abc import Callable

from bot.errors import Throttled

WINDOW_SECONDS = 600.0
MOST_INVALID = 1_000
"""A tenth of what Discord allows: other programs may share the IP address."""
INVALID_STATUSES = (401, 403, 429)


class Breaker:
    """Opens after `most` invalid answers in ten minutes, and blocks calls until the oldest has expired.

    `clock` is monotonic.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = MOST_INVALID) -> None:
        self._clock = clock
        self._answers: deque[float] = deque(maxlen=most)

    def check(self) -> None:
        """Raise `Throttled` while it is open, with the seconds until it closes."""
        full = len(self._answers) == self._answers.maxlen
        rest = self._answers[0] + WINDOW_SECONDS - self._clock() if full else 0.0
        if rest > 0:
            raise Throttled(
                f"Discord has refused {len(self._answers):,} requests in ten minutes. To avoid a ban, the bot waits "
                f"{rest:.0f} s. Check its permissions and its token.",
                code="breaker",
                retry_after=rest,
            )

    def answered(self, status: int) -> None:
        """Count an answer if Discord counts it as invalid."""
        if status in INVALID_STATUSES:
            self._answers.append(self._clock())
