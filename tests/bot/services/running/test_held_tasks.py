"""What takes long holds up nothing else."""

import asyncio

import pytest

from bot.errors import StoreError, Unavailable
from bot.services.running.held_tasks import HeldTasks


async def test_the_slow_one_is_left_to_the_next_pass_and_begun_once() -> None:
    door, begun = asyncio.Event(), list[str]()

    async def slow() -> None:
        begun.append("slow")
        await door.wait()
        begun.append("slow ended")

    async def quick() -> None:
        begun.append("quick")

    tasks = HeldTasks(patience=0.01)
    await tasks.run({"slow": slow, "quick": quick})
    await tasks.run({"slow": slow, "quick": quick})
    assert begun == ["slow", "quick", "quick"]
    door.set()
    await tasks.run({})
    assert begun[-1] == "slow ended"


async def test_a_failure_is_raised_once_everything_else_is_done() -> None:
    done = []

    async def fails(error: Exception) -> None:
        raise error

    async def works() -> None:
        done.append(True)

    tasks = HeldTasks()
    with pytest.raises(StoreError):
        await tasks.run({"a": lambda: fails(Unavailable("S3")), "b": lambda: fails(StoreError("damaged")), "c": works})
    assert done
    await tasks.run({})


async def test_closing_cancels_what_is_under_way() -> None:
    ended = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks = HeldTasks(patience=0.01)
    await tasks.run({"forever": forever})
    await tasks.close()
    assert ended.is_set()
    await tasks.close()
