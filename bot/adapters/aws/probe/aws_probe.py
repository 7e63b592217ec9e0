"""All checks of AWS, in the order in which a job needs them."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.adapters.aws.clients import AwsClients, Client, aws_client, aws_clients
from bot.adapters.aws.prices.aws_prices import aws_prices
from bot.adapters.aws.probe.account import clock_check, identity_check
from bot.adapters.aws.probe.batch import definition_check, queue_check
from bot.adapters.aws.probe.events import events_check, no_events, rule_check
from bot.adapters.aws.probe.image import image_check
from bot.adapters.aws.probe.job_secrets import secrets_check
from bot.adapters.aws.probe.machines import machines_check
from bot.adapters.aws.probe.permissions import permission_check
from bot.adapters.aws.probe.plan import plan_check
from bot.adapters.aws.probe.price import PriceProbe, price_check
from bot.adapters.aws.probe.quota import quota_check
from bot.adapters.aws.probe.storage import bucket_check, log_group_check
from bot.adapters.aws.probe.token import token_check
from bot.domain.money.price_settings import PriceSettings
from bot.domain.project import Project
from bot.services.running.doctor import Check


@dataclass(frozen=True, slots=True)
class AwsProbe:
    """The clients for the checks. The bot itself uses only those in `aws`."""

    aws: AwsClients
    quotas: Client
    ecr: Client
    rules: Client
    free_tier: Client
    iam: Client
    secrets: Client
    prices: PriceProbe
    region: str
    now: Callable[[], float]

    def account_checks(self, events_queue_url: str | None, projects: Sequence[Project]) -> list[Check]:
        """Checks that are the same for all projects."""
        checks = [identity_check(self.aws.sts, self.region), clock_check(self.aws.sts, self.now)]
        checks.append(plan_check(self.free_tier, self.aws.batch, projects, self.region))
        if events_queue_url is None:
            return [*checks, no_events()]
        checks.append(events_check(self.aws.sqs, events_queue_url, self.now))
        return [*checks, rule_check(self.aws.sqs, self.rules, events_queue_url)]

    def token_check(self, uri: str, own_id: str) -> Check:
        return token_check(self.aws.s3, uri, own_id)

    def permission_check(self, project: Project, bot: str) -> Check:
        return permission_check(self.aws.sts, self.iam, project, bot, self.region)

    def checks(self, project: Project) -> list[Check]:
        """Checks of the project's queue and of those of its machines, and of all that its jobs need, in this order."""
        return [
            *(check for each in project.placed for check in self._of_queue(each)),
            definition_check(self.aws.batch, project, self.region),
            image_check(self.aws.batch, self.ecr, project),
            secrets_check(self.aws.batch, self.secrets, project, self.region),
            bucket_check(self.aws.s3, project),
            log_group_check(self.aws.logs, project, self.region, self.now),
        ]

    def _of_queue(self, project: Project) -> list[Check]:
        return [
            queue_check(self.aws.batch, project, self.region),
            quota_check(self.aws.batch, self.quotas, project, self.region),
            price_check(self.aws.batch, self.prices, project),
            machines_check(self.aws.batch, self.aws.ecs, project, self.now),
        ]


@asynccontextmanager
async def aws_probe(
    region: str,
    endpoint_url: str | None,
    settings: PriceSettings | None,
    kept_at: Callable[[], float | None] = lambda: None,
    *,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[AwsProbe]:
    """`settings` is None if the config wants no prices. `kept_at` says when the bot last read some."""
    async with AsyncExitStack() as stack:

        async def opened(service: str) -> Client:
            return await stack.enter_async_context(aws_client(service, region, endpoint_url))

        aws = await stack.enter_async_context(aws_clients(region, endpoint_url))
        quotas, ecr, rules = await opened("service-quotas"), await opened("ecr"), await opened("events")
        free_tier, iam, secrets = await opened("freetier"), await opened("iam"), await opened("secretsmanager")
        prices = await stack.enter_async_context(aws_prices(endpoint_url)) if settings is not None else None
        price_probe = PriceProbe(prices, settings or PriceSettings(), kept_at, now)
        yield AwsProbe(aws, quotas, ecr, rules, free_tier, iam, secrets, price_probe, region, now)
