"""Follow one run with a clock of its own: only time that the bot saw pass counts.

A pass counts the time since the last one, and never more than a step of it. So a clock that jumps, a bot that was down,
an engine or a log service that did not answer add next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.guard.counters import Counters
from bot.ports.artifacts import Artifact
from bot.services.running.life_signs import StreamSigns
from trainer.contract import CLAIM_JSON, LOG_TXT, MANIFEST_JSON

STEP_SECONDS = 60.0
"""The most that one pass counts."""
LISTINGS = 6
"""How often the files of a silent run are listed before it counts as silent."""
NO_LIFE = frozenset({CLAIM_JSON, MANIFEST_JSON, LOG_TXT})
"""Files that the entrypoint and the bot write whether or not the command does anything: the claim is renewed by the
minute."""


@dataclass(slots=True)
class SteppedClock:
    """Time between the passes that saw something."""

    at: float | None = None

    def step(self, now: float) -> float:
        """The seconds since the last call; 0 at the first one."""
        passed = 0.0 if self.at is None else min(max(0.0, now - self.at), STEP_SECONDS)
        self.at = now
        return passed


@dataclass(slots=True)
class Followed:
    """One run: a job, or a trial."""

    counters: Counters = field(default_factory=Counters)
    unsaved: float = 0.0
    """How much of a grace has passed that is not stored."""
    _engine: SteppedClock = field(default_factory=SteppedClock)
    _log: SteppedClock = field(default_factory=SteppedClock)
    _reads: int = 0
    _listed_at: float = 0.0
    """How long it had been silent when its files were listed last."""
    _files: tuple[float, int] | None = None

    def staged(self, scope: str, now: float) -> float:
        """Count the time in a stage, which the engine has just confirmed. Returns the seconds."""
        if scope != self.counters.scope:
            self._reads, self._files, self._log = 0, None, SteppedClock()
        seconds = self._engine.step(now)
        self.counters = self.counters.staged(scope, seconds)
        return seconds

    def listened(self, stream: StreamSigns | None, now: float) -> float | None:
        """Count the time without a sign of life. Returns the seconds since the log was read before; None if it was not
        read since the last pass: nobody knows."""
        if stream is None or stream.reads == self._reads:
            return None
        self._reads = stream.reads
        seconds = self._log.step(now)
        self.counters = self.counters.listened(seconds, stream.spoke_at)
        if self.counters.quiet_seconds == 0.0:
            self._files, self._listed_at = None, 0.0
        return seconds

    def to_list(self, limit: float) -> bool:
        """True if its files are to be listed: now and then while it is silent, and before it counts as silent."""
        quiet = self.counters.quiet_seconds
        if limit <= 0:
            return False
        return quiet - self._listed_at >= limit / LISTINGS or quiet >= limit > self._listed_at

    def listed(self, files: Sequence[Artifact], limit: float, *, warned: bool) -> None:
        """Note its files. One that is new or changed since the last time is a sign of life.

        If this is the first time, as after a restart, one more interval follows before it counts as silent, unless that
        was said already.
        """
        written = [file.modified for file in files if file.name not in NO_LIFE]
        found = max(written, default=0.0), len(written)
        if self._files is None and not warned:
            self.counters = self.counters.quiet_at_most(limit * (1 - 1 / LISTINGS))
        self._listed_at = self.counters.quiet_seconds
        if self._files is not None and found != self._files:
            self.counters = self.counters.wrote()
            self._listed_at = 0.0
        self._files = found
