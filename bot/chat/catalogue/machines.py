"""What is said about machines that run without a job."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.catalogue.entries import Entry
from bot.chat.catalogue.samples import PROJECT
from bot.domain.guard.machines import Machine
from bot.domain.inert import capital
from bot.domain.texts.engine import engine_title
from bot.domain.texts.machine_texts import idle_machine, role_mentions


def machines() -> Iterator[Entry]:
    machine = Machine("i-0c4f7a1e2b3d45678", "g4dn.xlarge", "us-east-1a", vcpus=4)
    silent = replace(machine, answers=False)
    place, engine = ("SpotMachines-x7q2", "us-east-1"), capital(engine_title(PROJECT))
    for name, text in (
        ("a machine without a job", idle_machine(machine, *place, 47, 0.41, engine=engine)),
        ("a machine that does not answer", idle_machine(silent, *place, 107, None, engine=engine)),
        ("the roles are pinged", idle_machine(machine, *place, 30, 0.004, engine=engine, roles=role_mentions((12,)))),
    ):
        yield Entry("What the guard says", name, text)
