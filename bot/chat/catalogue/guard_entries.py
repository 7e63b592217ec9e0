"""The catalogue's entries of what the guard says."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.buttons.views import (
    warning_buttons,
)
from bot.chat.cards import choose
from bot.chat.catalogue import samples
from bot.chat.catalogue.entries import Entry, button_texts
from bot.chat.catalogue.samples import PROJECT
from bot.domain.guard.machines import Machine
from bot.domain.inert import capital
from bot.domain.texts import guard_texts
from bot.domain.texts.engine import engine_title
from bot.domain.texts.machine_texts import idle_machine, role_mentions

ENGINE = engine_title(PROJECT)


def guard_entries() -> Iterator[Entry]:
    for name, job in samples.warned():
        buttons = " ".join(button_texts(warning_buttons(job)))
        warned, card = job.watch.warned, choose.card(job, PROJECT).description or ""
        said = [f"in the thread: {guard_texts.warning(job.id, warned, 42)}\n{buttons}", f"on the card: {card}"]
        said += [guard_texts.withdrawn(job.id, warned), guard_texts.left(job.id, warned, "noor")]
        yield Entry("What the guard says", name, "\n".join([*said, guard_texts.stopped(job.id, warned)]))
    yield Entry("What the guard says", "overtime", guard_texts.over_its_limit(131, ENGINE))
    orphan = guard_texts.orphan_found("signalbox-mnist-k7q2mx", "5f2b…", "its project is not in the config", 30, ENGINE)
    yield Entry("What the guard says", "an orphan", orphan)
    ended = guard_texts.orphan_ended("signalbox-mnist-k7q2mx", "5f2b…", ENGINE)
    yield Entry("What the guard says", "an orphan was ended", ended)
    yield Entry("What the guard says", "still running", guard_texts.still_running("k7q2mx", "5f2b…", 75, ENGINE))


def machine_entries() -> Iterator[Entry]:
    machine = Machine("i-0c4f7a1e2b3d45678", "g4dn.xlarge", "us-east-1a", vcpus=4)
    silent = replace(machine, answers=False)
    place, engine = ("SpotMachines-x7q2", "us-east-1"), capital(ENGINE)
    for name, text in (
        ("a machine without a job", idle_machine(machine, *place, 47, 0.41, engine=engine)),
        ("a machine that does not answer", idle_machine(silent, *place, 107, None, engine=engine)),
        ("the roles are pinged", idle_machine(machine, *place, 30, 0.004, engine=engine, roles=role_mentions((12,)))),
    ):
        yield Entry("What the guard says", name, text)
