"""`[projects.<name>.machines.<machine>]`."""

import re
from collections.abc import Iterable
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


def machine(name: str, settings: MachineSettings) -> Machine:
    memory = round((settings.memory_gib or 0) * _MIB_IN_GIB)
    resources = Resources(settings.vcpus or 0, memory, settings.gpus or 0)
    return Machine(name, settings.queue, resources, settings.usd_per_hour, settings.description)
