"""Watches the bot from outside: its memory by the system, its event loop by its own metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families

STEP_SECONDS = 0.2


class Probe:
    """The most that was seen while `running`: bytes of resident memory, seconds of the event loop."""

    def __init__(self, pid: int, metrics_url: str) -> None:
        self._process, self._url = psutil.Process(pid), metrics_url
        self.memory = self.children = 0
        self.late = self.stall = self.processor_seconds = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What was before, such as the bot's start, does not count."""
        async with aiohttp.ClientSession() as session:
            await self._scraped(session)
            before = self._used()
            task = asyncio.create_task(self._watch(session))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self._scrape(session)
            self.processor_seconds = self._used() - before

    async def _watch(self, session: aiohttp.ClientSession) -> None:
        while True:
            self._weigh()
            await self._scrape(session)
            await asyncio.sleep(STEP_SECONDS)

    def _weigh(self) -> None:
        self.memory = max(self.memory, self._process.memory_info().rss)
        children = 0
        for child in self._process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                children += child.memory_info().rss
        self.children = max(self.children, children)

    async def _scrape(self, session: aiohttp.ClientSession) -> None:
        values = await self._scraped(session)
        self.late = max(self.late, values["signalbox_loop_late_most_seconds"])
        self.stall = max(self.stall, values["signalbox_loop_stall_most_seconds"])

    async def _scraped(self, session: aiohttp.ClientSession) -> dict[str, float]:
        async with session.get(self._url) as response:
            text = await response.text()
        return {
            sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }

    def _used(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
