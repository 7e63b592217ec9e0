"""Two kinds of AWS: the sandbox's stand-in, where jobs run, and one whose every answer a test writes."""

from collections.abc import AsyncIterator, Iterator

import pytest
from aiobotocore.session import AioSession

from bot.adapters.aws.clients import AwsClients, aws_clients
from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Settings
from deploy.sandbox.aws.resources import ResourcePlan, Resources, create
from tests.bot.adapters.vendor import Vendor
from tests.support.aws_stand_in import running_stand_in

IMAGE = "shell"
QUICK = Settings(
    images={IMAGE: ()},
    submitted_seconds=0.01,
    runnable_seconds=0.02,
    starting_seconds=0.02,
    log_flush_seconds=0.05,
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits up to 2 s before it tries again."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)


@pytest.fixture(scope="session")
def resources() -> Iterator[Resources]:
    """The stand-in's resources: one queue that runs two jobs at a time."""
    with running_stand_in(QUICK) as endpoint:
        yield create(endpoint, ResourcePlan(image=IMAGE, vcpus=4, max_vcpus=8))


@pytest.fixture(scope="session")
def session() -> AioSession:
    """Reads AWS's service models once."""
    return AioSession()


@pytest.fixture
async def aws(resources: Resources, session: AioSession) -> AsyncIterator[AwsClients]:
    """Clients of the stand-in."""
    async with aws_clients(REGION, resources.endpoint, session=session) as clients:
        yield clients


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with Vendor() as server:
        yield server


@pytest.fixture
async def odd_aws(vendor: Vendor, session: AioSession) -> AsyncIterator[AwsClients]:
    """Clients of the AWS whose answers the test writes."""
    async with aws_clients(REGION, vendor.url, session=session) as clients:
        yield clients
