"""Rate limits as Discord applies them: a bucket for each route and major parameter, and one global limit.

https://discord.com/developers/docs/topics/rate-limits
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil

from deploy.sandbox.discord.limits.settings import Limits, Rate
from deploy.sandbox.discord.protocol.wire import Clock, Json

_PRUNE_ABOVE = 10_000


@dataclass(slots=True)
class _Window:
    """A fixed window that starts with its first request, as Discord's windows do."""

    used: int = 0
    ends: float = 0.0

    def take(self, rate: Rate, now: float) -> bool:
        if now >= self.ends:
            self.used, self.ends = 0, now + rate.seconds
        if self.used >= rate.count:
            return False
        self.used += 1
        return True


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """A 429 response. `retry_after` is in seconds. The message is Discord's."""

    retry_after: float
    scope: str
    headers: dict[str, str]
    code: int = 0
    message: str = "You are being rate limited."

    def body(self) -> Json:
        return {
            "message": self.message,
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
        } | ({"code": self.code} if self.code else {})


class RateLimiter:
    def __init__(self, limits: Callable[[], Limits], clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._global = _Window()
        self._invalid = _Window()
        self._buckets: dict[tuple[str, str], _Window] = {}

    def check(self, bucket: str, major: str, *, exempt: bool) -> tuple[dict[str, str], TooManyRequests | None]:
        """Count one request. Return the headers for its response, and the 429 if it is one too many.

        `exempt`: the global limit does not apply (interaction endpoints).
        """
        limits, now = self._limits(), self._clock()
        if not limits.enabled:
            return {}, None
        if not exempt and not self._global.take(limits.all_requests, now):
            return {}, too_many_requests("global", self._global.ends - now)
        rate = limits.buckets.get(bucket, limits.any_bucket)
        window = self._window((bucket, major), now)
        taken = window.take(rate, now)
        headers = {
            "X-RateLimit-Limit": str(rate.count),
            "X-RateLimit-Remaining": str(rate.count - window.used),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{window.ends - now:.3f}",
            "X-RateLimit-Bucket": blake2b(bucket.encode(), digest_size=16).hexdigest(),
        }
        return headers, None if taken else too_many_requests("user", window.ends - now, headers)

    def check_hidden(self, name: str, key: str, rate: Rate) -> float | None:
        """Count one request against a limit that no header shows. Return the seconds to wait, or None."""
        now = self._clock()
        if not self._limits().enabled or self._window((name, key), now).take(rate, now):
            return None
        return self._buckets[name, key].ends - now

    def count_invalid(self) -> None:
        self._invalid.take(self._limits().invalid_requests, self._clock())

    def banned_for(self) -> float | None:
        """Return how many more seconds the address is banned for too many invalid requests, or None."""
        limits, now = self._limits(), self._clock()
        if limits.enabled and self._invalid.used >= limits.invalid_requests.count and now < self._invalid.ends:
            return self._invalid.ends - now
        return None

    def _window(self, key: tuple[str, str], now: float) -> _Window:
        if len(self._buckets) > _PRUNE_ABOVE:
            self._buckets = {key: window for key, window in self._buckets.items() if window.ends > now}
        return self._buckets.setdefault(key, _Window())


def too_many_requests(scope: str, retry_after: float, headers: dict[str, str] | None = None) -> TooManyRequests:
    """Make a 429. `scope` is `user`, `global` or `shared`.

    Libraries recognize Discord by the Via header, which the proxy ahead of it does not send.
    """
    extra = {"Retry-After": str(max(1, ceil(retry_after))), "X-RateLimit-Scope": scope}
    if scope == "global":
        extra["X-RateLimit-Global"] = "true"
    return TooManyRequests(max(retry_after, 0.001), scope, {**(headers or {}), **extra, "Via": "1.1 google"})


class RateLimited(Exception):
    """Raised inside an endpoint by a limit that no header shows."""

    def __init__(self, answer: TooManyRequests) -> None:
        self.answer = answer
        super().__init__(f"{answer.message} retry after {answer.retry_after:.3f} s")
