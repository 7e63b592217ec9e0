"""Which machines a queue may start for a job, by its compute environments and the job's definition.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.machine_sizes import gpus, job_memory, vcpus
from bot.adapters.aws.queue_queries import (
    attempts_of,
    describe_definition,
    describe_environments,
    describe_queue,
    gpus_of,
    memory_of,
    vcpus_of,
)
from bot.domain.money.machine import NO_RESOURCES, Resources
from bot.domain.money.quote import Terms
from bot.errors import ServiceError
from bot.ports.engine import Machines, Pool

CACHE_SECONDS = 300
"""An answer costs three calls, and changes only when someone changes the environments or the definition."""
_TERMS = {"SPOT": Terms.SPOT, "EC2": Terms.ON_DEMAND}
"""`type`. The others, FARGATE, FARGATE_SPOT and ECS_MANAGED_INSTANCES, name no instance types."""
_X86, _ARM = ("m6i", "c6i", "r6i", "c7i"), ("m6g", "c6g", "r6g", "c7g")
_OLDER = ("c4", "m4", "r4", "c5", "m5", "r5")
_GROUPS = {"default_x86_64": _X86, "default_arm64": _ARM, "optimal": (*_X86, *_OLDER)}
"""`instanceTypes`: "default_x86_64 to choose x86 based instance types (from the m6i, c6i, r6i, and c7i instance
families)", the same for Arm; "optimal" means the former, in an older environment "c4, m4, r4" or "c5, m5, r5":
https://aws.amazon.com/blogs/hpc/introducing-default-instance-categories-for-aws-batch"""
_WHOLE = 100
"""`bidPercentage`: "If you leave this field empty, the default value is 100% of the On-Demand price.\""""


class QueueMachines:
    """Answers are cached for `CACHE_SECONDS`, and the last one counts for as long as Batch gives no other. `now` is in
    seconds, from any starting point."""

    def __init__(self, batch: Client, now: Callable[[], float]) -> None:
        self._batch, self._now = batch, now
        self._cache: dict[tuple[str, str, Resources], tuple[float, Machines | None]] = {}

    async def of(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> Machines | None:
        key, now = (queue, definition, resources), self._now()
        at, known = self._cache.get(key, (None, None))
        if at is None or now - at >= CACHE_SECONDS:
            try:
                known = await self._ask_batch(*key)
            except ServiceError:
                if known is None:
                    return None
            self._cache[key] = now, known
        return known

    async def _ask_batch(self, queue: str, definition: str, resources: Resources) -> Machines:
        region = str(self._batch.meta.region_name)
        described = await describe_definition(self._batch, definition, region)
        environments = await describe_environments(self._batch, await describe_queue(self._batch, queue, region))
        memory_mib = resources.memory_mib
        needed_vcpus, needed_gpus = resources.vcpus or vcpus_of(described), resources.gpus or gpus_of(described)

        def large_enough(name: str) -> bool:
            size, has = vcpus(name), gpus(name)
            return not (size and size < needed_vcpus) and not (has is not None and has < needed_gpus)

        def fits(name: str) -> bool:
            return large_enough(name) and _has_memory(name, memory_mib)

        started = [each.get("computeResources") or {} for each in environments if each.get("state") == "ENABLED"]
        usable = [each for each in started if not memory_mib or any(_types(each, large_enough, memory_mib))]
        pools = [_pool(each, large_enough, memory_mib) for each in usable]
        # One that can't be priced would make "at most" a lie, so then there is no price at all.
        known = tuple(pool for pool in pools if pool is not None)
        return Machines(
            region,
            known if len(known) == len(pools) else (),
            attempts_of(described),
            fits,
            memory_mib or memory_of(described),
            max((job_memory(name) for each in started for name in _types(each, large_enough)), default=0),
        )


def _pool(resources: Mapping[str, Any], large_enough: Callable[[str], bool], memory_mib: int) -> Pool | None:
    """None if its machines have no price on a list: those of Fargate, and those of an unmanaged environment."""
    terms = _TERMS.get(str(resources.get("type")))
    types = tuple(dict.fromkeys(_types(resources, large_enough, memory_mib)))
    if terms is None or not types:
        return None
    share = int(resources.get("bidPercentage") or _WHOLE) / _WHOLE
    minutes = (resources.get("scalingPolicy") or {}).get("minScaleDownDelayMinutes") or 0
    return Pool(types, terms, min(1.0, share) if terms is Terms.SPOT else 1.0, float(minutes) * 60)


def _types(resources: Mapping[str, Any], large_enough: Callable[[str], bool], memory_mib: int = 0) -> Iterator[str]:
    """A family is listed as a whole if its largest type has the memory."""
    for listed in resources.get("instanceTypes") or ():
        for name in _GROUPS.get(listed, (str(listed),)):
            if ("." not in name or large_enough(name)) and _has_memory(name, memory_mib):
                yield name


def _has_memory(name: str, memory_mib: int) -> bool:
    """True of types whose memory is not known, and without `memory_mib`: the definition says what its author tried."""
    return not 0 < job_memory(name) < memory_mib
