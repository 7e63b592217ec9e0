"""`[projects.<name>.machines.<machine>]`."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated

from pydantic import Field

from bot.config.section import Section
from bot.domain.money.machine import DEFAULT, Machine, Resources

MACHINE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_MIB_IN_GIB = 1024


class MachineSettings(Section):
    """[projects.<name>.machines.<machine>] Where jobs run that are asked for with `machine:`"""

    queue: str
    vcpus: Annotated[int, Field(ge=1, le=1_024)] | None = None
    memory_gib: Annotated[float, Field(gt=0, le=32_768, allow_inf_nan=False)] | None = None
    gpus: Annotated[int, Field(ge=1, le=64)] | None = None
    usd_per_hour: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    description: Annotated[str, Field(max_length=60)] = ""


def name_problem(names: Iterable[str]) -> str:
    """What is wrong with the first name that doesn't fit; empty if all do."""
    for name in names:
        if name == DEFAULT:
            return f'"{DEFAULT}" is the project\'s own queue: give the machine another name'
        if not MACHINE_NAME.fullmatch(name):
            return f'"{name}" is not a name: use up to 31 small letters, digits, - and _'
    return ""


def on_demand_problem(name: str, queue: str, machines: Mapping[str, MachineSettings]) -> str:
    """What is wrong with `on_demand_machine`; empty if nothing is. `queue` is the project's own."""
    if not name:
        return ""
    if not machines:
        return f'the project has no machines. Add one: [projects.<name>.machines.{name}] with queue = "..."'
    if name not in machines:
        near = get_close_matches(name, machines, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f'"{name}" is none of the project\'s machines.{meant} Valid: {", ".join(machines)}'
    if machines[name].queue == queue:
        return f'the queue of {name} is the project\'s own, "{queue}": give it one that starts machines on demand'
    return ""


def machine(name: str, settings: MachineSettings) -> Machine:
    memory = round((settings.memory_gib or 0) * _MIB_IN_GIB)
    resources = Resources(settings.vcpus or 0, memory, settings.gpus or 0)
    return Machine(name, settings.queue, resources, settings.usd_per_hour, settings.description)
