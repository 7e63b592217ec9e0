"""The doctor's wiring: config → probes → findings, printed one by one."""

from contextlib import AsyncExitStack

from rich.console import Console

from bot.adapters.aws_clients import aws_clients
from bot.adapters.aws_probe import AwsProbe
from bot.adapters.git import GitCode
from bot.chat.probe import discord_probe
from bot.config import Config, Secrets, projects
from bot.services.doctor import Finding, examine, repository_check


async def run(config: Config, secrets: Secrets, console: Console) -> bool:
    """Whether all is well. Prints a line for each check, and under a bad one its mend."""
    known = projects(config)
    async with AsyncExitStack() as stack:
        aws = await stack.enter_async_context(aws_clients(config.aws.region, config.aws.endpoint_url))
        code = await stack.enter_async_context(GitCode(config.bot.data_dir / "repositories"))
        token = secrets.discord_token.get_secret_value()
        discord = await stack.enter_async_context(
            discord_probe(config.discord.api_url, config.discord.gateway_url, token, config.discord.guild_id)
        )
        probe = AwsProbe(aws, config.aws.region)
        checks = [*discord.checks(known), probe.identity_check()]
        if config.aws.events_queue_url is not None:
            checks.append(probe.events_check(config.aws.events_queue_url))
        for project in known:
            checks += [*probe.checks(project), repository_check(code, project)]
        findings = [_shown(finding, console) async for finding in examine(checks)]
    bad = sum(not finding.ok for finding in findings)
    console.print(f"\n{len(findings)} checks, {bad} to mend." if bad else f"\n{len(findings)} checks, all well.")
    return not bad


def _shown(finding: Finding, console: Console) -> Finding:
    mark, style = ("ok  ", "green") if finding.ok else ("BAD ", "bold red")
    console.print(mark, style=style, end="")
    console.print(f"{finding.subject}: {finding.found}", markup=False, highlight=False, soft_wrap=True)
    if not finding.ok:
        console.print(f"    {finding.mend}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    return finding
