"""What the readers of logs hear of each stream, in memory: when it last spoke, its GPUs, and how often it was read.

After a restart it is heard anew: a stream is read from its last stored line on, or from its beginning.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain.guard.losses import Losses
from bot.domain.logs.log_lines import LogEvent
from trainer.gpu_line import GpuUse, parse_gpu


@dataclass(slots=True)
class Heard:
    """Of one stream, so of one attempt. Times in ms since the epoch, by the clock of the log service."""

    reads: int = 0
    """How often it has been read to its end. Only then does silence mean anything."""
    spoke_at: int = 0
    """Time of the newest line that is not a measurement of the entrypoint's."""
    newest: int = 0
    gpu: GpuUse | None = None
    losses: Losses = field(default_factory=Losses)
    """Of a trial. Those of a single job are stored with it."""


class LifeSigns:
    """By stream. `keep` bounds the memory."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def of(self, stream: str) -> Heard | None:
        """None if it was never read."""
        return self._heard.get(stream)

    def heard(self, events: Iterable[LogEvent]) -> None:
        """Note a page of events, which may have been there before."""
        for event in events:
            stream = self._heard.setdefault(event.stream, Heard())
            gpu = parse_gpu(event.message)
            if gpu is None:
                stream.spoke_at = max(stream.spoke_at, event.timestamp)
            elif event.timestamp >= stream.newest:
                stream.gpu = gpu
            stream.newest = max(stream.newest, event.timestamp)

    def read(self, streams: Iterable[str]) -> None:
        """Note that they have been read to their end."""
        for name in streams:
            self._heard.setdefault(name, Heard()).reads += 1

    def reported(self, event: LogEvent, values: Mapping[str, float], metric: str, factor: float) -> None:
        """Note a row of metrics of a trial. Rows that are read again are older than the last one."""
        stream = self._heard.setdefault(event.stream, Heard())
        if event.timestamp > stream.losses.at:
            stream.losses = stream.losses.after(values, event.timestamp, event.stream, metric, factor)

    def keep(self, streams: Collection[str]) -> None:
        """Forget all others."""
        self._heard = {name: heard for name, heard in self._heard.items() if name in streams}
