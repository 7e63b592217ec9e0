"""How long a run has been in its stage, and how long it has been silent, in seconds that the bot saw pass."""

from dataclasses import dataclass, replace

SAVE_SECONDS = 300.0
"""What a restart of the bot may cost of a count: it is stored this often while it grows."""


@dataclass(frozen=True, slots=True)
class Counters:
    """`scope` is the stage and the attempt that they belong to. `spoke_at` is the time of the newest line that counted
    as a sign of life, in ms since the epoch by the clock of the log service."""

    scope: str = ""
    stage_seconds: float = 0.0
    quiet_seconds: float = 0.0
    spoke_at: int = 0

    def staged(self, scope: str, seconds: float) -> "Counters":
        """After that many seconds more in this stage. Another one begins at 0."""
        if scope != self.scope:
            return Counters(scope)
        return replace(self, stage_seconds=self.stage_seconds + seconds)

    def heard(self, seconds: float, spoke_at: int) -> "Counters":
        """After that many seconds in which the log could be read, whose newest line is from `spoke_at`."""
        if spoke_at > self.spoke_at:
            return replace(self, quiet_seconds=0.0, spoke_at=spoke_at)
        return replace(self, quiet_seconds=self.quiet_seconds + seconds)

    def wrote(self) -> "Counters":
        """A new file is a sign of life, too."""
        return replace(self, quiet_seconds=0.0)

    def quiet_at_most(self, seconds: float) -> "Counters":
        return replace(self, quiet_seconds=min(self.quiet_seconds, seconds))

    def to_save(self, saved: "Counters") -> bool:
        """True if a restart with `saved` would lose too much, or would go on with a silence that has ended."""
        if self.scope != saved.scope:
            return self.stage_seconds >= SAVE_SECONDS
        grown = max(self.stage_seconds - saved.stage_seconds, self.quiet_seconds - saved.quiet_seconds)
        return grown >= SAVE_SECONDS or self.quiet_seconds < saved.quiet_seconds
