"""Nobody's many requests hold up another's."""

import asyncio

import pytest

from bot.services.tables.turns import Turns


class Queue:
    def __init__(self, most: int) -> None:
        self.turns, self.begun, self.doors = Turns(most), list[str](), dict[str, asyncio.Event]()
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, owner: int, name: str) -> None:
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._have_turn(owner, name))
        await asyncio.sleep(0)

    async def end(self, name: str) -> None:
        self.doors[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def _have_turn(self, owner: int, name: str) -> None:
        async with self.turns.of(owner):
            self.begun.append(name)
            await self.doors[name].wait()


async def test_each_person_has_one_turn_at_a_time() -> None:
    queue = Queue(3)
    for name in ("a1", "a2", "a3", "a4"):
        await queue.ask(1, name)
    await queue.ask(2, "b")
    assert queue.begun == ["a1", "b"]
    await queue.end("b")
    await queue.end("a1")
    assert queue.begun == ["a1", "b", "a2"]


async def test_the_longest_wait_goes_first() -> None:
    queue = Queue(1)
    for owner, name in ((1, "a1"), (1, "a2"), (2, "b"), (3, "c")):
        await queue.ask(owner, name)
    await queue.end("a1")
    await queue.end("a2")
    await queue.end("b")
    assert queue.begun == ["a1", "a2", "b", "c"]


@pytest.mark.parametrize("gone", ["a1", "a2"])
async def test_whoever_leaves_takes_no_turn_away(gone: str) -> None:
    queue = Queue(1)
    for name in ("a1", "a2", "a3"):
        await queue.ask(1, name)
    queue.tasks[gone].cancel()
    await asyncio.wait([queue.tasks[gone]])
    for name in [name for name in ("a1", "a2", "a3") if name != gone]:
        await queue.end(name)
    assert queue.begun[-1] == "a3"


async def test_a_turn_that_comes_as_its_owner_leaves_is_passed_on() -> None:
    queue = Queue(1)
    for name in ("a1", "a2", "a3"):
        await queue.ask(1, name)
    queue.doors["a1"].set()
    await asyncio.sleep(0)  # a1 is ending; a2 has its turn in this step and does not know it yet
    queue.tasks["a2"].cancel()
    await asyncio.wait([queue.tasks["a1"], queue.tasks["a2"]])
    await queue.end("a3")
    assert queue.begun[-1] == "a3"
