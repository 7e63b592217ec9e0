"""Run Optuna in a child process that exists only while it is needed: the bot's machine is small."""

import asyncio
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from bot.adapters.processes.child_process import ChildProcess
from bot.adapters.sampling.sampling_requests import ASK, IMPORTANCE, pack_request, unpack_answer
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from bot.domain.sweeps import halving
from bot.errors import Unavailable

COMMAND = (sys.executable, "-m", "bot.adapters.sampling.sampling_worker")
SECONDS = 60.0


class ProcessSampler:
    """Implements `bot.ports.sampler.Sampler`. Each request is complete: nothing is remembered between two."""

    def __init__(self, *, seconds: float = SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._process = ChildProcess("sampling", command, seconds=seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._process.end()

    async def ask(self, plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> list[dict[str, Value]]:
        """Raises `Unavailable` if it takes longer than `seconds`, or the process dies at every try."""
        points: list[dict[str, Value]] = await self._send(ASK, plan, trials, count, goal)
        return points

    async def hopeless(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> list[int]:
        """Decided by `bot/domain/sweeps/halving.py`: a few comparisons, not worth a process."""
        return await asyncio.to_thread(halving.hopeless, plan, trials, goal)

    async def importance(self, plan: Plan, trials: Sequence[Trial], goal: Goal) -> dict[str, float]:
        """Raises `Unavailable` like `ask`."""
        shares: dict[str, float] = await self._send(IMPORTANCE, plan, trials, 0, goal)
        return shares

    async def _send(self, task: str, plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> Any:
        message = await asyncio.to_thread(pack_request, task, plan, trials, count, goal)
        head, _ = await self._process.ask(message)
        answer, error = unpack_answer(head)
        if error:
            raise Unavailable(f"sampling failed: {error}")
        return answer
