"""Which prices the machines have that the project's queue may start, and whether `usd_per_hour` covers them.

A spot machine costs at most what it costs on demand:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.adapters.aws.clients import Client
from bot.adapters.aws.queue_machines import QueueMachines
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Terms
from bot.domain.money.rates import belongs
from bot.domain.project import Project
from bot.errors import Denied, ServiceError, UserError
from bot.ports.engine import Machines
from bot.ports.prices import Prices
from bot.services.money.price_book import in_force
from bot.services.running.doctor import Check, Finding

PERMISSIONS = ("pricing:GetProducts", "ec2:DescribeSpotPriceHistory")
_LIST = "https://aws.amazon.com/ec2/pricing/on-demand/"
_SHOWN = 3
"""Machines of a queue that are named, the dearest first."""


@dataclass(frozen=True, slots=True)
class PriceProbe:
    """`prices` is None if the config wants none. `kept_at` says when the bot last read prices; None if it never did."""

    prices: Prices | None
    settings: PriceSettings
    kept_at: Callable[[], float | None]
    now: Callable[[], float] = time.time


def price_check(batch: Client, probe: PriceProbe, project: Project) -> Check:
    """Costs and caps go by these prices: what is missing is a note, because jobs run all the same."""
    subject = f"price of {project.name}{project.of_machine}"
    where = f"projects.{project.name}.machines.{project.machine}" if project.machine else f"projects.{project.name}"
    key = f"{where}.usd_per_hour"

    async def look() -> Finding:
        if project.usd_per_hour == 0 or probe.prices is None:
            return _without_prices(subject, key, project)
        machines = await QueueMachines(batch, probe.now).of(project.queue, project.job_definition, project.resources)
        if machines is None or not machines.pools:
            found = f"nobody knows the price of the machines of {project.queue}"
            return _unless_set(subject, key, project, found)
        if project.machine and project.machine == project.on_demand_machine and _has_spot(machines):
            return _not_on_demand(subject, project)
        try:
            on_demand, spot = await _ask(probe.prices, machines, probe.settings.region or machines.region)
        except UserError as error:
            return Finding.note(subject, str(error), "Correct prices.region, or leave it out.")
        except ServiceError as error:
            return _away(subject, probe, error)
        return _found(subject, key, project, machines, on_demand, spot)

    return Check(subject, look, "", note_on=(ServiceError,))


async def _ask(prices: Prices, machines: Machines, region: str) -> tuple[dict[str, float], dict[str, float]]:
    """On demand, and spot as it is now: by type, of the types that a job fits on."""
    types = [name for pool in machines.pools for name in pool.types]
    found = {name: usd for name, usd in (await prices.on_demand(region, types)).items() if machines.fits(name)}
    spot: dict[str, float] = {}
    if _has_spot(machines):
        spot = in_force(await prices.spot(region, list(found), time.time()))
    return found, spot


def _has_spot(machines: Machines) -> bool:
    return any(pool.terms is Terms.SPOT for pool in machines.pools)


def _not_on_demand(subject: str, project: Project) -> Finding:
    """Jobs that have lost spot machines stay where they are then."""
    key = f"projects.{project.name}.on_demand_machine"
    found = f'{project.queue} may start spot machines, but {key} is "{project.machine}", so no job is moved there'
    return Finding.note(subject, found, f"Set {key} to a machine whose queue starts machines on demand alone.")


def _found(
    subject: str,
    key: str,
    project: Project,
    machines: Machines,
    on_demand: Mapping[str, float],
    spot: Mapping[str, float],
) -> Finding:
    missing = [
        name for pool in machines.pools for name in pool.types if not any(belongs(each, name) for each in on_demand)
    ]
    if missing:
        found = f"the price list has no {missing[0]}, which {project.queue} may start"
        return _unless_set(subject, key, project, found)
    names = sorted(on_demand, key=lambda name: -on_demand[name])
    dearest = names[0]
    texts = [f"{name} {on_demand[name]:g}" + (f" (spot {spot[name]:g})" if name in spot else "") for name in names]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    listed = f"{project.queue} may start {', '.join(texts[:_SHOWN])}{more}, in USD an hour, as read now"
    if project.usd_per_hour is None:
        return Finding(subject, listed)
    is_set = f"{key} is {project.usd_per_hour:g}"
    if project.usd_per_hour < on_demand[dearest]:
        advice = f"Leave {key} out, or set it to {on_demand[dearest]:g}: the bot computes costs from it."
        return Finding.note(subject, f"{is_set}, but {listed}", advice)
    return Finding(subject, f"{is_set}; {listed}")


def _without_prices(subject: str, key: str, project: Project) -> Finding:
    if project.usd_per_hour == 0:
        return Finding(subject, f"no costs are shown, because {key} is 0")
    if project.usd_per_hour is not None:
        return Finding(subject, f"{key} is {project.usd_per_hour:g}; prices.enabled is false, so it is not compared")
    return Finding(subject, "no costs are shown, because prices.enabled is false")


def _unless_set(subject: str, key: str, project: Project, found: str) -> Finding:
    if project.usd_per_hour is not None:
        return Finding(subject, f"{key} is {project.usd_per_hour:g}; {found}")
    return Finding.note(subject, f"{found}, so costs are unknown", f"Set {key}. {_LIST} has the prices.")


def _away(subject: str, probe: PriceProbe, error: ServiceError) -> Finding:
    kept = probe.kept_at()
    hours = max(0.0, probe.now() - kept) / 3_600 if kept is not None else 0.0
    age = f"prices that are {hours:.0f} hours old" if kept is not None else "the bot's own table, which is older still"
    permissions = " and ".join(PERMISSIONS)
    advice = f"The bot's role needs {permissions} on * (docs/permissions.md)." if isinstance(error, Denied) else ""
    return Finding.note(subject, f"costs are computed from {age}, because of this: {error}", advice)
