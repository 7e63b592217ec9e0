"""Run a service for ever: its failures are logged and counted, and do not end it."""

from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter, Histogram

from bot.errors import ServiceError, StoreError
from bot.services.bells import Bell

log = structlog.get_logger()

FAILURES = Counter("signalbox_service_failures", "Passes of a service that failed", ["service", "kind"])
SECONDS = Histogram("signalbox_service_pass_seconds", "Time of one pass of a service", ["service"])


async def forever(name: str, once: Callable[[], Awaitable[None]], bell: Bell, seconds: float) -> None:
    """`once`, then again when the bell rings or after so long. A store that cannot be used ends it: `StoreError`."""
    while True:
        try:
            with SECONDS.labels(name).time():
                await once()
        except StoreError:
            raise
        except ServiceError as error:
            FAILURES.labels(name, "passing").inc()
            log.warning("pass failed", service=name, error=str(error))
        except Exception:
            FAILURES.labels(name, "unexpected").inc()
            log.exception("pass failed", service=name)
        await bell.wait(seconds)
