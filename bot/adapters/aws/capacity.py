"""How many jobs a queue can run at once, from its compute environments' vCPUs.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html. Assumption: vcpu-sum.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.queue_queries import describe_definition, describe_environments, describe_queue, vcpus_of
from bot.domain.money.machine import NO_RESOURCES, Resources
from bot.errors import Refused

CACHE_SECONDS = 300
"""An answer costs three calls, and changes only when someone changes the environments or the definition."""


class Capacity:
    """Answers are cached for `CACHE_SECONDS`. `now` is in seconds, from any starting point."""

    def __init__(self, batch: Client, now: Callable[[], float]) -> None:
        self._batch, self._now = batch, now
        self._cache: dict[tuple[str, str, int], tuple[float, int | None]] = {}

    async def jobs_at_once(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> int | None:
        """None if unknown: the bot may not ask, an environment has no limit, or the job asks for no vCPUs."""
        key, now = (queue, definition, resources.vcpus), self._now()
        if key not in self._cache or now - self._cache[key][0] >= CACHE_SECONDS:
            self._cache[key] = now, await self._ask_batch(*key)
        return self._cache[key][1]

    async def _ask_batch(self, queue: str, definition: str, own_vcpus: int) -> int | None:
        region = self._batch.meta.region_name
        try:
            vcpus = own_vcpus or vcpus_of(await describe_definition(self._batch, definition, region))
            environments = await describe_environments(self._batch, await describe_queue(self._batch, queue, region))
        except Refused:
            return None
        limits = [_max_vcpus(environment) for environment in environments if _usable(environment)]
        return int(sum(limit // vcpus for limit in limits)) if vcpus and limits and all(limits) else None


def _usable(environment: Mapping[str, Any]) -> bool:
    return (environment.get("state"), environment.get("status")) == ("ENABLED", "VALID")


def _max_vcpus(environment: Mapping[str, Any]) -> int:
    """0 if AWS gives no limit: it doesn't for an unmanaged environment."""
    return int((environment.get("computeResources") or {}).get("maxvCpus") or 0)
