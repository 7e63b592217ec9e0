"""The bot is killed anywhere between the end of a job and its retry: there is one retry, and one result."""

import contextlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.posts import PostKind
from bot.domain.remedy import RemedyMode
from tests.bot.services.remedies.scene import OUT_OF_MEMORY, Scene
from tests.faults.gates import COMMITS, Cut, Gated, Gates
from tests.faults.stories import one_of_each
from tests.faults.world import MEMORY, PORTS
from tests.support.services import Bot, Outside

pytestmark = pytest.mark.timeout(600)


class _Inside:
    """The outside behind the gates."""

    def __init__(self, outside: Outside, gates: Gates) -> None:
        self.clock, self.disk_free = outside.clock, outside.disk_free
        for port in PORTS:
            setattr(self, port, Gated(port.title(), getattr(outside, port), gates))


async def _lived(cut_at: int, *, clicked: bool) -> tuple[Gates, dict[str, Any]]:
    """A job runs out of memory, and the bot is killed at that gate after that. With `clicked`, a person retries it."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        outside, folder = Outside(), Path(name)
        async with open_store(folder / "signalbox.db", now=outside.clock) as store:
            mode = RemedyMode.OFFER if clicked else RemedyMode.AUTO
            scene = Scene(outside, store, folder, mode=mode)
            job = await scene.begin()
            scene.end(OUT_OF_MEMORY)
            if clicked:
                await scene.settle()
            gates = Gates(cut_at)
            inside: Any = _Inside(outside, gates)
            scene.bot = Bot(inside, Gated("Store", store, gates, only=COMMITS), folder, project=scene.project)  # type: ignore[arg-type]
            with contextlib.suppress(Cut):
                if clicked:
                    await scene.take(await scene.row(job.id))
                await scene.settle()
            gates.dead = True
            await scene.bot.delivery.close()
            scene.restart()
            if clicked:
                await scene.take(await scene.row(job.id), interaction_id=77)
            for _ in range(3):
                await scene.settle()
            row, retries = await scene.row(job.id), await scene.retries(job)
            assert row.offer is not None
            return gates, {
                "retries": [each.run.memory_mib for each in retries],
                "named": [row.offer.retried_as == each.id for each in retries],
                "submitted": [call.resources.memory_mib for call in outside.engine.submissions],
                "results": len([m for m in outside.chat.messages if m.post.new.kind is PostKind.END]),
                "cards": len([m for m in outside.chat.messages if m.post.new.kind is PostKind.CARD]),
            }


ONE = {"retries": [18_432], "named": [True], "submitted": [0, 18_432], "results": 1, "cards": 2}


async def _cut(gates: Iterable[tuple[int, str]], subtests: pytest.Subtests, *, clicked: bool) -> None:
    for number, name in gates:
        with subtests.test(f"crash {name}"):
            _, left = await _lived(number, clicked=clicked)
            assert left == ONE


@pytest.mark.slow
@pytest.mark.parametrize("clicked", [False, True], ids=["by the bot", "by a person"])
async def test_a_crash_at_one_gate_of_each_kind_leaves_one_retry(clicked: bool, subtests: pytest.Subtests) -> None:
    gates, left = await _lived(-1, clicked=clicked)
    assert left == ONE
    await _cut(one_of_each(gates.names), subtests, clicked=clicked)


@pytest.mark.exhaustive
@pytest.mark.parametrize("clicked", [False, True], ids=["by the bot", "by a person"])
async def test_a_crash_anywhere_leaves_one_retry(clicked: bool, subtests: pytest.Subtests) -> None:
    gates, _ = await _lived(-1, clicked=clicked)
    await _cut(enumerate(gates.names), subtests, clicked=clicked)
