"""What the guard says, of sample jobs and sweeps."""

from collections.abc import Iterator

from bot.chat.buttons.views import warning_buttons
from bot.chat.cards import choose
from bot.chat.catalogue import samples
from bot.chat.catalogue.entries import Entry, button_texts
from bot.chat.catalogue.samples import PROJECT
from bot.domain.texts import guard_texts
from bot.domain.texts.engine import engine_title

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
