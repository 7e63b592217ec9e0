"""A few things at a time, and one at a time for each person: nobody's many requests hold up another's single one."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Whoever has waited longest goes first, unless something of the same owner is under way."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: Counter[int] = Counter()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def of(self, owner: int) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block ends. `owner` is a person's id."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((owner, turn))
        self._start()
        try:
            await turn
            yield
        finally:
            if (owner, turn) in self._waiting:
                self._waiting.remove((owner, turn))
            else:
                self._running[owner] -= 1
                self._running += Counter()  # without those that have none
            self._start()

    def _start(self) -> None:
        for owner, turn in list(self._waiting):
            if self._running.total() >= self._most:
                return
            if not self._running[owner]:
                self._waiting.remove((owner, turn))
                self._running[owner] += 1
                if not turn.done():
                    turn.set_result(None)
