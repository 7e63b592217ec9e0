"""Wiring of `signalbox doctor`: config → probes → findings, printed one by one."""

from contextlib import AsyncExitStack

from rich.console import Console

from bot.adapters.aws.probe import aws_probe
from bot.adapters.aws.probe.bill import bill_check
from bot.adapters.aws.token_lease import known_instance, lease_uri
from bot.adapters.git.code_source import GitCode
from bot.adapters.git.git_limits import GitLimits
from bot.chat.discord_probe import discord_probe
from bot.config.loading import Config, Secrets, allowed_branches, grants, lease_folder, projects
from bot.config.prices import price_settings
from bot.services.money.bill_book import BILLS_FILE, read_bills
from bot.services.money.price_file import PRICES_FILE, PriceFile
from bot.services.people.permits import ROLES_FILE
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Finding, Level, examine, metric_check, repository_check

_STYLES = {Level.OK: "green", Level.NOTE: "yellow", Level.FIXED: "cyan", Level.BAD: "bold red"}
_MARKS = {Level.OK: "ok", Level.NOTE: "note", Level.FIXED: "FIXED", Level.BAD: "BAD"}


async def run(config: Config, secrets: Secrets, console: Console, *, fix: bool = False) -> bool:
    """Run all checks; True if none is bad. Prints a line per check, with advice below it where needed."""
    known = projects(config)
    async with AsyncExitStack() as stack:
        settings = price_settings(config.prices, config.deploy.disk_gib) if config.prices.enabled else None
        kept_at = PriceFile(config.bot.data_dir / PRICES_FILE).newest
        probe = await stack.enter_async_context(
            aws_probe(config.aws.region, config.aws.endpoint_url, settings, kept_at)
        )
        folder, limits = config.bot.data_dir / "repositories", GitLimits(**config.git.model_dump())
        code = await stack.enter_async_context(GitCode(folder, allowed_branches(config), limits))
        token, there = secrets.discord_token.get_secret_value(), config.discord
        discord = await stack.enter_async_context(
            discord_probe(there.api_url, there.gateway_url, token, there.guild_id, there.command_prefix)
        )
        remembered = RememberedRoles(config.bot.data_dir / ROLES_FILE)
        checks = [
            *discord.checks(known, grants(config), remembered, there.audit_channel),
            *probe.account_checks(config.aws.events_queue_url, known),
        ]
        checks.append(probe.token_check(lease_uri(lease_folder(config), token), known_instance(config.bot.data_dir)))
        if config.prices.cost_explorer:
            checks.append(bill_check(lambda: read_bills(config.bot.data_dir / BILLS_FILE)))
        for project in known:
            checks += [*probe.checks(project), probe.permission_check(project, config.bot.name)]
            checks += [repository_check(code, project), metric_check(project)]
        findings = [_print(finding, console) async for finding in examine(checks, fix=fix)]
    console.print(f"\n{len(findings)} checks: {_summary(findings)}.")
    return all(finding.level is not Level.BAD for finding in findings)


def _print(finding: Finding, console: Console) -> Finding:
    console.print(f"{_MARKS[finding.level]:<6}", style=_STYLES[finding.level], end="")
    console.print(f"{finding.subject}: {finding.found}", markup=False, highlight=False, soft_wrap=True)
    advice = finding.advice
    if finding.fix is not None:
        advice = f"{advice} `signalbox doctor --fix` does it for you."
    if advice:
        console.print(f"      {advice}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    return finding


def _summary(findings: list[Finding]) -> str:
    """`2 bad, 1 note`, `all good`, `all good, 1 fixed`."""
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    words = {Level.BAD: "bad", Level.FIXED: "fixed", Level.NOTE: "note" if counts[Level.NOTE] == 1 else "notes"}
    parts = [f"{counts[level]} {word}" for level, word in words.items() if counts[level]]
    return ", ".join(parts if counts[Level.BAD] else ["all good", *parts])
