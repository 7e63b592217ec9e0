"""How many jobs of a kind a queue's compute environments can run at once, by their vCPUs.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.queue_queries import describe_definition, describe_environments, describe_queue, vcpus_of
from bot.errors import Refused

KEPT_SECONDS = 300
"""An answer costs three calls, and changes only when somebody changes the environments or the definition."""


class Rooms:
    """Answers are kept for a while. `now` in seconds, of any beginning."""

    def __init__(self, batch: Client, now: Callable[[], float]) -> None:
        self._batch, self._now = batch, now
        self._kept: dict[tuple[str, str], tuple[float, int | None]] = {}

    async def of(self, queue: str, definition: str) -> int | None:
        """None where AWS does not tell: not allowed to ask, an environment without vCPUs, a job without them."""
        key, now = (queue, definition), self._now()
        if key not in self._kept or now - self._kept[key][0] >= KEPT_SECONDS:
            self._kept[key] = now, await self._asked(queue, definition)
        return self._kept[key][1]

    async def _asked(self, queue: str, definition: str) -> int | None:
        region = self._batch.meta.region_name
        try:
            vcpus = vcpus_of(await describe_definition(self._batch, definition, region))
            environments = await describe_environments(self._batch, await describe_queue(self._batch, queue, region))
        except Refused:
            return None
        room = [_most(environment) for environment in environments if _usable(environment)]
        return int(sum(most // vcpus for most in room)) if vcpus and room and all(room) else None


def _usable(environment: Mapping[str, Any]) -> bool:
    return (environment.get("state"), environment.get("status")) == ("ENABLED", "VALID")


def _most(environment: Mapping[str, Any]) -> int:
    """vCPUs; 0 where that is not told, as of an environment that AWS does not manage."""
    return int((environment.get("computeResources") or {}).get("maxvCpus") or 0)
