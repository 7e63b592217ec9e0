"""Find out why trials failed: one clear line for each, from the last lines of their logs, many streams a call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog

from bot.domain.logs.log_lines import raised
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.ports.logs import Logs
from bot.services.logs.log_reader import MAX_STREAMS, LogReader, skip_missing
from bot.services.running.adaptive_pace import AdaptivePace
from trainer.contract import parse_trouble

log = structlog.get_logger()

LAST_SECONDS = 30.0
"""Search for the reason from this long before the failure."""
MAX_PAGES = 20
"""Pages to read per batch of failures. If the reason comes later than that, it stays unknown."""


class Diagnose:
    def __init__(self, logs: Logs, projects: Mapping[str, Project], pace: AdaptivePace) -> None:
        self._reader, self._projects = LogReader(logs, pace), projects

    async def reasons(self, sweep: Sweep, failed: Sequence[Trial]) -> dict[int, str]:
        """One clear line on why it failed, by number; without trials whose log says nothing or cannot be read."""
        by_stream = {trial.streams[-1]: trial for trial in failed if trial.streams}
        streams, found = list(by_stream), dict[int, str]()
        for start in range(0, len(streams), MAX_STREAMS):
            try:
                lines = await self._last_lines(
                    sweep, [by_stream[name] for name in streams[start : start + MAX_STREAMS]]
                )
            except ServiceError as error:
                log.warning("could not read why trials failed", sweep=sweep.id, error=str(error))
                continue
            found |= {by_stream[name].number: reason for name, texts in lines.items() if (reason := _reason(texts))}
        return found

    async def _last_lines(self, sweep: Sweep, failed: Sequence[Trial]) -> dict[str, list[str]]:
        """By stream; without streams that do not exist."""
        group = self._projects[sweep.run.project].log_group
        lines: dict[str, list[str]] = defaultdict(list)

        async def read(trials: Sequence[Trial]) -> None:
            since = round((min((trial.ended_at or 0.0) for trial in trials) - LAST_SECONDS) * 1000)
            names = [trial.streams[-1] for trial in trials]
            async for events in self._reader.pages(group, names, since, max_calls=MAX_PAGES):
                for event in events:
                    lines[event.stream].append(event.message)

        await skip_missing(failed, read)
        return lines


def _reason(lines: Sequence[str]) -> str:
    """The entrypoint's own line on it, else the last line that looks like a raised error."""
    for line in reversed(lines):
        if (trouble := parse_trouble(line)) is not None:
            return trouble.message
    return raised(lines)
