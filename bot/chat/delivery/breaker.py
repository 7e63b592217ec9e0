"""Stop asking Discord what it refuses: 10,000 invalid requests in ten minutes ban the address.

https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

from collections import deque
from collections.abc import Callable

from bot.errors import Throttled

WINDOW_SECONDS = 600.0
MOST_INVALID = 1_000
"""A tenth of what Discord allows: other programs may share the address."""
INVALID_STATUSES = (401, 403, 429)


class Breaker:
    """Open while there have been `most` invalid answers in the last ten minutes: nothing is asked until they are old.

    `clock` is monotonic.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = MOST_INVALID) -> None:
        self._clock = clock
        self._answers: deque[float] = deque(maxlen=most)

    def check(self) -> None:
        """Raises `Throttled`, with when it closes again, while it is open."""
        full = len(self._answers) == self._answers.maxlen
        rest = self._answers[0] + WINDOW_SECONDS - self._clock() if full else 0.0
        if rest > 0:
            raise Throttled(
                f"Discord has refused {len(self._answers):,} requests in ten minutes: nothing is asked of it for "
                f"{rest:.0f} s, lest it bans the address. Look at the bot's permissions and its token.",
                code="breaker",
                retry_after=rest,
            )

    def answered(self, status: int) -> None:
        """Counts an answer that Discord takes for the sign of a broken bot."""
        if status in INVALID_STATUSES:
            self._answers.append(self._clock())
