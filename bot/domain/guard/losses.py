"""What a run's losses are like, row by row: finite or not, and how far above their best.

A row counts by its losses, the names with the word `loss` in them: it is bad if none of them is finite. So a column
that is empty in some rows, which many loggers write as NaN, and a head without a loss of its own raise no alarm. A row
without any loss counts by the project's metric, as long as the run has reported no loss at all.

One bad row is no news: mixed precision skips its first steps until the scale of its gradients fits ("if this step's
gradients contain infs or NaNs, the step is skipped", https://docs.pytorch.org/docs/stable/amp.html). So bad rows must
follow each other: `nan_rows` of them over a minute, or 20 whatever their pace. Before the first finite row it takes ten
minutes instead of one.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

MANY_ROWS = 20
"""Bad rows that need no minute: the scale starts at 65,536 and is halved at each skipped step, so 16 reach 1.
https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler"""
SPAN_MS = 60_000
FIRST_SPAN_MS = 600_000
MOST_NAMES = 16
"""Losses whose best is remembered."""
_LOSS = re.compile(r"(?<![a-z])loss(?:es)?(?![a-z])")


@dataclass(frozen=True, slots=True)
class Streak:
    """Rows of one kind that follow each other. `since` is the time of the first, in ms since the epoch."""

    rows: int = 0
    since: int = 0

    def after(self, at: int, *, goes_on: bool) -> "Streak":
        if not goes_on:
            return Streak()
        return replace(self, rows=self.rows + 1) if self.rows else Streak(1, at)

    def lasts(self, rows: int, span_ms: int, at: int) -> bool:
        return self.rows >= rows and (self.rows >= MANY_ROWS or at - self.since >= span_ms)


@dataclass(frozen=True, slots=True)
class Losses:
    """Of one attempt: `stream` is its log's. Times are those of the lines, in ms since the epoch."""

    stream: str = ""
    at: int = 0
    """When the last row that counts came."""
    named: bool = False
    """True once a row had a loss."""
    was_finite: bool = False
    bad: Streak = Streak()
    high: Streak = Streak()
    """Rows whose losses are all too far above their best."""
    best: Mapping[str, float] = field(default_factory=dict)
    name: str = ""
    value: float = 0.0
    """The loss of the last row that counts, the one that was best relative to its limit."""

    @property
    def reported(self) -> bool:
        return self.at > 0

    def after(self, values: Mapping[str, float], at: int, stream: str, metric: str, factor: float) -> "Losses":
        """With one more row. Another stream is another attempt, which begins anew. The same if the row is older than
        the last one, as a late one of an earlier attempt is, or has nothing that counts."""
        if at < self.at:
            return self
        known = self if self.stream == stream else Losses(stream)
        losses = {name: value for name, value in values.items() if is_loss(name)}
        counted = losses or ({metric: values[metric]} if metric in values and not known.named else {})
        if not counted:
            return self
        finite = {name: value for name, value in counted.items() if math.isfinite(value)}
        high = bool(finite) and all(_too_high(value, known.best.get(name), factor) for name, value in finite.items())
        name = next(iter(finite or counted))
        return replace(
            known,
            at=at,
            named=known.named or bool(losses),
            was_finite=known.was_finite or bool(finite),
            bad=known.bad.after(at, goes_on=not finite),
            high=known.high.after(at, goes_on=high),
            best=_with_best(known.best, finite if losses else {}),
            name=name,
            value=counted[name],
        )

    def not_finite(self, rows: int) -> bool:
        span = SPAN_MS if self.was_finite else FIRST_SPAN_MS
        return rows > 0 and self.bad.lasts(rows if self.was_finite else max(rows, 3), span, self.at)

    def diverged(self, rows: int) -> bool:
        return self.high.lasts(max(rows, 3), SPAN_MS, self.at)


def is_loss(name: str) -> bool:
    """`loss`, `train_loss`, `val/loss`, `mlm-loss`, `losses.box`, `trainLoss`; not `glossary`."""
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return _LOSS.search(spread.lower()) is not None


def _too_high(value: float, best: float | None, factor: float) -> bool:
    """A multiple of a best that is not above 0 means nothing."""
    return factor > 0 and best is not None and best > 0 and value > factor * best


def _with_best(best: Mapping[str, float], finite: Mapping[str, float]) -> Mapping[str, float]:
    better = {name: value for name, value in finite.items() if value < best.get(name, math.inf)}
    if not better:
        return best
    return dict(list({**best, **better}.items())[:MOST_NAMES])
