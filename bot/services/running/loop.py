"""Run a service forever. Its failures are logged and counted, and make it rest, but do not end it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Histogram

from bot.errors import ServiceError, StoreError
from bot.services.running.wakeups import Wakeup

log = structlog.get_logger()

FAILURES = Counter("signalbox_service_failures", "Passes of a service that failed", ["service", "kind"])
SECONDS = Histogram("signalbox_service_pass_seconds", "Time of one pass of a service", ["service"])
FIRST_REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 30.0
LATE_SECONDS = 90.0
"""A service is unhealthy if it has had no good pass for this long beyond its own interval."""


@dataclass(frozen=True, slots=True)
class Loop:
    """`once` is one pass; the next one follows after `seconds`, or earlier if the loop is woken."""

    name: str
    once: Callable[[], Awaitable[None]]
    seconds: float
    wakeup: Wakeup = field(default_factory=Wakeup)


class Heartbeat:
    """When each service last had a good pass, for the health page, and what else may be wrong."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: dict[str, float] = {}
        self._others: list[Callable[[], str]] = []

    def also(self, wrong: Callable[[], str]) -> None:
        """Ask this, too: it returns what is wrong, or nothing."""
        self._others.append(wrong)

    def beat(self, loop: Loop) -> None:
        self._due[loop.name] = self._now() + loop.seconds + LATE_SECONDS

    def wrong(self) -> str:
        """Services without a good pass for too long, and what the others say; empty if all is well."""
        late = {name: self._now() - due + LATE_SECONDS for name, due in self._due.items() if self._now() > due}
        problems = [f"{name}: no good pass for {seconds:.0f} s" for name, seconds in late.items()]
        return "; ".join(problems + [problem for other in self._others if (problem := other())])


async def run_forever(loop: Loop, heartbeat: Heartbeat) -> None:
    """Make one pass after the other. Raises `StoreError` if the store cannot be used."""
    rest = 0.0
    heartbeat.beat(loop)
    while True:
        try:
            with SECONDS.labels(loop.name).time():
                await loop.once()
        except StoreError:
            raise
        except ServiceError as error:
            FAILURES.labels(loop.name, "passing").inc()
            log.warning("pass failed", service=loop.name, error=str(error))
        except Exception:
            FAILURES.labels(loop.name, "unexpected").inc()
            log.exception("pass failed", service=loop.name)
        else:
            rest = 0.0
            heartbeat.beat(loop)
            await loop.wakeup.wait(loop.seconds)
            continue
        rest = min(LONGEST_REST_SECONDS, rest * 2 or FIRST_REST_SECONDS)
        await loop.wakeup.wait(max(loop.seconds, rest))
