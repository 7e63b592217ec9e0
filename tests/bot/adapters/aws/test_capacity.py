"""How much room a queue has, by what AWS tells of its compute environments and of the definition."""

from typing import Any

import pytest

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.capacity import CACHE_SECONDS
from bot.adapters.aws.clients import AwsClients
from bot.errors import Unavailable
from deploy.sandbox.aws.resources import Resources
from tests.bot.adapters.vendor import Answer, Vendor, error, ok
from tests.support.clock import Clock

pytestmark = pytest.mark.slow
QUEUE = {"jobQueueName": "q", "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "spot"}]}
PLAIN = {"resourceRequirements": [{"type": "MEMORY", "value": "12000"}, {"type": "VCPU", "value": "4"}]}


def environment(most: int | None = 16, **changes: Any) -> dict[str, Any]:
    resources = {} if most is None else {"computeResources": {"maxvCpus": most}}
    return {"state": "ENABLED", "status": "VALID", **resources, **changes}


def definition(container: dict[str, Any] | None, revision: int = 1) -> dict[str, Any]:
    return {"revision": revision} if container is None else {"revision": revision, "containerProperties": container}


def answers(*environments: dict[str, Any], container: dict[str, Any] | None = PLAIN) -> list[Answer]:
    return [
        ok({"jobDefinitions": [definition(container)]}),
        ok({"jobQueues": [QUEUE]}),
        ok({"computeEnvironments": list(environments)}),
    ]


@pytest.mark.parametrize(
    ("environments", "room"),
    [
        ([environment(16)], 4),
        ([environment(18), environment(7)], 5),
        ([environment(16), environment(400, state="DISABLED"), environment(400, status="INVALID")], 4),
        ([environment(3)], 0),
        ([environment(16), environment(None, type="UNMANAGED")], None),
        ([environment(0)], None),
        ([environment(16, state="DISABLED")], None),
        ([], None),
    ],
)
async def test_the_vcpus_of_the_usable_environments(
    vendor: Vendor, odd_aws: AwsClients, environments: list[dict[str, Any]], room: int | None
) -> None:
    """Each environment by itself: what is left over of one starts nothing in another."""
    vendor.answers_with(*answers(*environments))
    assert await BatchEngine(odd_aws).room("q", "d") == room


@pytest.mark.parametrize(
    ("container", "room"),
    [
        ({"resourceRequirements": [{"type": "VCPU", "value": "0.25"}]}, 64),
        ({"vcpus": 2}, 8),
        ({"image": "x"}, None),
        (None, None),
    ],
)
async def test_what_a_job_needs(
    vendor: Vendor, odd_aws: AwsClients, container: dict[str, Any] | None, room: int | None
) -> None:
    vendor.answers_with(*answers(environment(16), container=container))
    assert await BatchEngine(odd_aws).room("q", "d") == room


@pytest.mark.parametrize(
    "answer",
    [ok({"jobDefinitions": []}), error(403, "AccessDeniedException", "not you"), error(400, "ClientException", "odd")],
)
async def test_what_is_not_there_or_not_told_is_not_known(vendor: Vendor, odd_aws: AwsClients, answer: Answer) -> None:
    vendor.answers_with(answer)
    assert await BatchEngine(odd_aws).room("q", "d") is None


async def test_an_answer_is_kept_for_minutes(vendor: Vendor, odd_aws: AwsClients) -> None:
    clock = Clock()
    batch = BatchEngine(odd_aws, now=clock)
    vendor.answers_with(*answers(environment(16)), *answers(environment(32)), *answers(environment(40)))
    assert [await batch.room("q", "d"), await batch.room("q", "d")] == [4, 4]
    clock.tick(CACHE_SECONDS - 1)
    assert await batch.room("q", "d") == 4
    assert len(vendor.asked) == 3
    assert await batch.room("q", "other") == 8, "of another definition nothing is known yet"
    clock.tick(1)
    assert await batch.room("q", "d") == 10


async def test_what_passes_is_asked_again(vendor: Vendor, odd_aws: AwsClients) -> None:
    batch = BatchEngine(odd_aws)
    vendor.answers_with(error(500, "ServerException", "a moment"))
    with pytest.raises(Unavailable):
        await batch.room("q", "d")
    vendor.answers_with(*answers(environment(16)))
    assert await batch.room("q", "d") == 4


async def test_of_a_queue_that_is_there(aws: AwsClients, resources: Resources) -> None:
    batch = BatchEngine(aws)
    assert await batch.room(resources.queue, resources.job_definition) == 2
    assert await batch.room("nowhere", resources.job_definition) is None
