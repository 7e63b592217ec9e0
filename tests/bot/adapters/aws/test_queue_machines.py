"""Which machines a queue may start for a job."""

from typing import Any

from bot.adapters.aws.machine_sizes import job_memory
from bot.adapters.aws.queue_machines import CACHE_SECONDS, QueueMachines
from bot.domain.money.machine import Resources
from bot.domain.money.quote import Terms
from tests.bot.adapters.aws.probe.answers import Asked, made_batch, refusal

VALID = {"state": "ENABLED", "status": "VALID"}
REGION = "eu-west-1"


def environments(*resources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"computeEnvironments": [{**VALID, "computeResources": each, **changes} for each in resources]}


def batch_with(*resources: dict[str, Any], vcpus: str = "4", **more: Any) -> Asked:
    return made_batch(vcpus=vcpus, describe_compute_environments=environments(*resources), **more)


async def test_types_that_a_job_fits_on_with_terms_bid_and_delay() -> None:
    spot = {
        "type": "SPOT",
        "instanceTypes": ["g4dn.xlarge", "m7i.xlarge", "g5"],
        "bidPercentage": 60,
        "scalingPolicy": {"minScaleDownDelayMinutes": 20},
    }
    found = await QueueMachines(batch_with(spot, {"type": "EC2", "instanceTypes": ["g5.xlarge"]}), lambda: 0.0).of(
        "q", "d"
    )
    assert found is not None
    first, second = found.pools
    assert (first.types, first.terms) == (("g4dn.xlarge", "g5"), Terms.SPOT), "an m7i has no GPU"
    assert (first.most_of_on_demand, first.idle_seconds) == (0.6, 1_200.0)
    assert (second.types, second.terms, second.most_of_on_demand) == (("g5.xlarge",), Terms.ON_DEMAND, 1.0)
    assert (found.region, found.attempts) == (REGION, 1)
    assert found.fits("g5.xlarge")
    assert not found.fits("g5g.large")


async def test_a_machines_own_resources_decide_what_fits() -> None:
    batch = batch_with({"type": "SPOT", "instanceTypes": ["g4dn.xlarge", "g5.2xlarge", "g5.12xlarge"]})
    asked = QueueMachines(batch, lambda: 0.0)
    found = [await asked.of("q", "d", each) for each in (Resources(), Resources(vcpus=8), Resources(gpus=4))]
    assert [each.pools[0].types for each in found if each is not None] == [
        *(("g4dn.xlarge", "g5.2xlarge", "g5.12xlarge"), ("g5.2xlarge", "g5.12xlarge")),
        ("g5.12xlarge",),
    ]


async def test_optimal_is_the_families_that_batch_may_choose() -> None:
    needs = {"resourceRequirements": [{"type": "VCPU", "value": "2"}]}
    definition = {"revision": 3, "containerProperties": needs, "retryStrategy": {"attempts": 4}}
    batch = batch_with(
        {"type": "EC2", "instanceTypes": ["optimal"]}, describe_job_definitions={"jobDefinitions": [definition]}
    )
    found = await QueueMachines(batch, lambda: 0.0).of("q", "d")
    assert found is not None
    assert {"m6i", "c6i", "r6i", "c7i", "m5", "c4"} <= set(found.pools[0].types)
    assert found.attempts == 4


async def test_one_pool_without_prices_leaves_none() -> None:
    """ "At most" would be a lie if a queue fell back to Fargate."""
    batch = batch_with({"type": "SPOT", "instanceTypes": ["g5.xlarge"]}, {"type": "FARGATE"})
    found = await QueueMachines(batch, lambda: 0.0).of("q", "d")
    assert found is not None
    assert found.pools == ()


async def test_a_disabled_environment_starts_nothing() -> None:
    made = environments({"type": "SPOT", "instanceTypes": ["g5.xlarge"]})
    made["computeEnvironments"] += environments({"type": "EC2", "instanceTypes": ["p5.48xlarge"]}, state="DISABLED")[
        "computeEnvironments"
    ]
    found = await QueueMachines(made_batch(describe_compute_environments=made), lambda: 0.0).of("q", "d")
    assert found is not None
    assert [pool.types for pool in found.pools] == [("g5.xlarge",)]


async def test_the_last_answer_counts_while_batch_gives_no_other() -> None:
    answers: list[Any] = [environments({"type": "SPOT", "instanceTypes": ["g5.xlarge"]})]
    batch, now = made_batch(describe_compute_environments=lambda _: answers[-1]), 0.0
    machines = QueueMachines(batch, lambda: now)
    known = await machines.of("q", "d")
    answers.append(refusal("ServerException", 500))
    assert await machines.of("q", "d") is known
    now = CACHE_SECONDS
    assert await machines.of("q", "d") is known
    assert await machines.of("other", "d") is None


MEMORY = [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "12000"}]
DEFINITION = {"revision": 3, "containerProperties": {"resourceRequirements": MEMORY}}


async def test_what_a_job_asks_for_and_the_most_that_fits_on_the_largest_machine() -> None:
    types = {"type": "SPOT", "instanceTypes": ["m7i.xlarge", "m7i.2xlarge", "t3.micro"]}
    batch = batch_with(types, describe_job_definitions={"jobDefinitions": [DEFINITION]})
    found = await QueueMachines(batch, lambda: 0.0).of("q", "d")
    assert found is not None
    assert found.memory_mib == 12_000
    assert found.most_memory_mib == job_memory("m7i.2xlarge") == int(32 * 1_024 * 0.92)


async def test_with_more_memory_only_larger_machines_count() -> None:
    small = {"type": "SPOT", "instanceTypes": ["m7i.xlarge"]}
    mixed = {"type": "EC2", "instanceTypes": ["m7i.xlarge", "m7i.2xlarge", "m7i", "c7i.large"]}
    batch = batch_with(small, mixed, describe_job_definitions={"jobDefinitions": [DEFINITION]})
    machines = QueueMachines(batch, lambda: 0.0)
    found = await machines.of("q", "d", Resources(memory_mib=18_432))
    assert found is not None
    assert [pool.types for pool in found.pools] == [("m7i.2xlarge", "m7i")], "the first pool has none large enough"
    assert (found.fits("m7i.xlarge"), found.fits("m7i.2xlarge")) == (False, True)
    assert found.memory_mib == 18_432
    before = await machines.of("q", "d")
    assert before is not None
    assert [pool.types for pool in before.pools] == [("m7i.xlarge",), ("m7i.xlarge", "m7i.2xlarge", "m7i")]


async def test_no_machine_is_large_enough() -> None:
    batch = batch_with(
        {"type": "SPOT", "instanceTypes": ["m7i.xlarge"]}, describe_job_definitions={"jobDefinitions": [DEFINITION]}
    )
    found = await QueueMachines(batch, lambda: 0.0).of("q", "d", Resources(memory_mib=60_000))
    assert found is not None
    assert (found.pools, found.most_memory_mib) == ((), job_memory("m7i.xlarge"))


async def test_a_definition_of_the_older_form() -> None:
    definition = {"revision": 3, "containerProperties": {"vcpus": 4, "memory": 8_000}}
    batch = batch_with(
        {"type": "EC2", "instanceTypes": ["m7i"]}, describe_job_definitions={"jobDefinitions": [definition]}
    )
    found = await QueueMachines(batch, lambda: 0.0).of("q", "d")
    assert found is not None
    assert found.memory_mib == 8_000
