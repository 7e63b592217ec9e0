"""Measure the bot from outside: its memory from the operating system, its event loop from its own metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

STEP_SECONDS = 0.2


class Probe:
    """Peaks while `watching`: `memory` and `children_memory` in bytes of resident memory, `late` and `stall` of the
    event loop in seconds. `cpu_seconds` is the CPU time used meanwhile."""

    def __init__(self, pid: int, metrics_url: str) -> None:
        self._process, self._url = psutil.Process(pid), metrics_url
        self.memory = self.children_memory = 0
        self.late = self.stall = self.cpu_seconds = 0.0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Measure until the block ends. Whatever happened before, such as the bot's start, does not count."""
        async with aiohttp.ClientSession() as session:
            await self._read_metrics(session)
            before = self._cpu_seconds()
            task = asyncio.create_task(self._watch(session))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._measure_loop(session)
            self.cpu_seconds = self._cpu_seconds() - before

    async def _watch(self, session: aiohttp.ClientSession) -> None:
        while True:
            self._measure_memory()
            await self._measure_loop(session)
            await asyncio.sleep(STEP_SECONDS)

    def _measure_memory(self) -> None:
        self.memory = max(self.memory, self._process.memory_info().rss)
        children = 0
        for child in self._process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                children += child.memory_info().rss
        self.children_memory = max(self.children_memory, children)

    async def _measure_loop(self, session: aiohttp.ClientSession) -> None:
        values = await self._read_metrics(session)
        self.late = max(self.late, values["signalbox_loop_late_most_seconds"])
        self.stall = max(self.stall, values["signalbox_loop_stall_most_seconds"])

    async def _read_metrics(self, session: aiohttp.ClientSession) -> dict[str, float]:
        """Read the metrics by name. Reading them resets the event loop's peaks."""
        async with session.get(self._url) as response:
            text = await response.text()
        return {
            sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
