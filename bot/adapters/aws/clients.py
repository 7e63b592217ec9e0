"""Open and close all AWS clients together.

Their settings: https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from bot.adapters.aws.error_codes import calling
from trainer.redaction import known

Client = Any
"""An aiobotocore client: its methods are generated at run time from the service's model."""

CONNECT_SECONDS = 5
READ_SECONDS = 20
LONGEST_POLL_SECONDS = 20
"""SQS: "The maximum long polling wait time is 20 seconds." (SQS Developer Guide, Setting-up long polling)"""


@dataclass(frozen=True, slots=True)
class AwsClients:
    """One client per service. `batch_once` never repeats a request: SubmitJob has no idempotency token.

    `SubmitJobRequest` in the service model of botocore 1.43 has none, and people ask for one:
    https://github.com/aws/containers-roadmap/issues/2798
    """

    batch: Client
    batch_once: Client
    logs: Client
    s3: Client
    sqs: Client
    sts: Client
    ecs: Client


@asynccontextmanager
async def aws_clients(
    region: str,
    endpoint_url: str | None = None,
    *,
    read_seconds: float = READ_SECONDS,
    session: AioSession | None = None,
) -> AsyncIterator[AwsClients]:
    """Open all clients, in about 0.2 s and without using the network.

    Credentials come from where AWS's own tools look. `endpoint_url` replaces the address of every service.
    `read_seconds` is the longest pause allowed within an answer.
    A `session` caches AWS's service models and the credentials: opening again with it takes milliseconds.
    Raises `Denied` if the environment names a profile that does not exist.
    """
    session = session or AioSession()
    async with AsyncExitStack() as stack:

        async def opened(service: str, config: AioConfig) -> Client:
            with calling(f"Opening the client of {service}"):
                client = session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=config)
                opened_client = await stack.enter_async_context(client)
            opened_client.meta.events.register("before-sign", _hide_credentials)
            return opened_client

        config = _config(read_seconds)
        once = _config(read_seconds, attempts=1)
        yield AwsClients(
            batch=await opened("batch", config),
            batch_once=await opened("batch", once),
            # The log reader adapts its pace to throttling, so the SDK must not hide any with retries.
            logs=await opened("logs", once),
            s3=await opened("s3", config.merge(_s3_config(path_style=endpoint_url is not None))),
            sqs=await opened("sqs", _config(read_seconds + LONGEST_POLL_SECONDS)),
            sts=await opened("sts", config),
            ecs=await opened("ecs", config),
        )


@asynccontextmanager
async def aws_client(
    service: str, region: str, endpoint_url: str | None = None, *, session: AioSession | None = None
) -> AsyncIterator[Client]:
    """Open one client of a service that is not among `AwsClients`."""
    with calling(f"Opening the client of {service}"):
        opening = (session or AioSession()).create_client(
            service, region_name=region, endpoint_url=endpoint_url, config=_config(READ_SECONDS)
        )
    async with opening as client:
        client.meta.events.register("before-sign", _hide_credentials)
        yield client


def _hide_credentials(request_signer: Any, **_: object) -> None:
    """Know the credentials that sign the next request, also those of a role, which change every few hours.

    https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html#before-sign
    """
    held = getattr(getattr(request_signer, "_credentials", None), "__dict__", {})
    for name in ("secret_key", "token", "_secret_key", "_token"):
        secret = held.get(name)
        if isinstance(secret, str) and not known.knows(secret):
            known.hide(secret, name=name, shortest=known.OWN)


def _config(read_seconds: float, *, attempts: int = 3) -> AioConfig:
    return AioConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


def _s3_config(*, path_style: bool) -> AioConfig:
    """Checksums only where S3 requires them: computing one reads the whole file on the event loop."""
    return AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path" if path_style else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
