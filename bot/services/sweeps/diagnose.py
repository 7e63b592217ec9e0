"""Find out why trials failed: one clear line on each, from the last lines of their logs, many streams a call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from bot.domain.logs.log_lines import LogEvent, raised
from bot.domain.model.job import Job
from bot.domain.model.sweep import Trial
from bot.domain.project import Project
from bot.errors import Missing, ServiceError, Throttled
from bot.ports.logs import Logs
from bot.services.running.adaptive_pace import AdaptivePace
from trainer.contract import parse_trouble

log = structlog.get_logger()

STREAMS = 100
"""In one read of the logs."""
LAST_SECONDS = 30.0
"""How far before a failure its reason is looked for."""
PAGES = 20
"""Of the last lines of so many failures, at most: who prints more keeps its reason to itself."""


class Diagnose:
    def __init__(self, logs: Logs, projects: Mapping[str, Project], pace: AdaptivePace) -> None:
        self._logs, self._projects, self._pace = logs, projects, pace

    async def reasons(self, face: Job, failed: Sequence[Trial]) -> dict[int, str]:
        """By number one clear line on why it failed; not those whose log says nothing, or cannot be read."""
        by_stream = {trial.streams[-1]: trial for trial in failed if trial.streams}
        streams, found = list(by_stream), dict[int, str]()
        for start in range(0, len(streams), STREAMS):
            try:
                lines = await self._last_lines(face, [by_stream[name] for name in streams[start : start + STREAMS]])
            except ServiceError as error:
                log.warning("why trials failed could not be read", sweep=face.id, error=str(error))
                continue
            found |= {by_stream[name].number: reason for name, texts in lines.items() if (reason := _why(texts))}
        return found

    async def _last_lines(self, face: Job, failed: Sequence[Trial]) -> dict[str, list[str]]:
        """A stream that is not there is left out, by halving."""
        since = min((trial.ended_at or 0.0) for trial in failed) - LAST_SECONDS
        names = [trial.streams[-1] for trial in failed]
        try:
            events = await self._read(self._projects[face.project].log_group, names, round(since * 1000))
        except Missing:
            if len(failed) == 1:
                return {}
            half = len(failed) // 2
            return await self._last_lines(face, failed[:half]) | await self._last_lines(face, failed[half:])
        lines: dict[str, list[str]] = defaultdict(list)
        for event in events:
            lines[event.stream].append(event.message)
        return lines

    async def _read(self, group: str, names: Sequence[str], since_ms: int) -> list[LogEvent]:
        events: list[LogEvent] = []
        token: str | None = None
        for _ in range(PAGES):
            await self._pace.turn()
            try:
                page = await self._logs.read(group, names, since_ms, token)
            except Throttled:
                self._pace.throttled()
                continue
            self._pace.eased()
            events += page.events
            token = page.token
            if token is None:
                break
        return events


def _why(lines: Sequence[str]) -> str:
    """The entrypoint's word on it, else the last line that looks like a raised error."""
    for line in reversed(lines):
        if (trouble := parse_trouble(line)) is not None:
            return trouble.message
    return raised(lines)
