"""A sweep: many trials from one command, one card and one thread for all of them.

The engine knows its submissions alone: one SubmitJob call each, an array where it holds more than one trial.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.domain.guard.watch import Watch
from bot.domain.model.execution import Lifecycle
from bot.domain.model.plan import Plan
from bot.domain.model.publication import Publication
from bot.domain.model.request import Request
from bot.domain.model.run import Run
from bot.domain.model.states import EndReason
from bot.domain.model.tally import Tally
from bot.domain.money.hold import Continued


@dataclass(frozen=True, slots=True)
class Board:
    """The picture beside the card. `picture` is the newest file, `shown_picture` the one now on the card."""

    picture: str = ""
    shown_picture: str = ""
    painted_revision: int = -1
    """The revision of the sweep that `picture` shows."""
    importance: Mapping[str, float] = field(default_factory=dict)
    """Of each parameter, adding up to 1; empty while it is not known."""

    def painted(self, picture: str, importance: Mapping[str, float], revision: int) -> "Board":
        """Replace the picture with one that shows this revision."""
        return replace(self, picture=picture, importance=importance, painted_revision=revision)

    def shown(self, picture: str) -> "Board":
        """Record that the card has this picture."""
        return replace(self, shown_picture=picture)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything that the bot knows about a sweep, except its trials and submissions."""

    id: str
    request: Request
    run: Run
    """`parameters` are those that are not varied."""
    plan: Plan
    tally: Tally = field(default_factory=Tally)
    board: Board = field(default_factory=Board)
    execution: Lifecycle = field(default_factory=Lifecycle)
    publication: Publication = field(default_factory=Publication)
    watch: Watch = field(default_factory=Watch)
    """What the guard has warned of, of its trials and of itself."""
    continued: Continued | None = None
    """Who let it go on after it was held for its failures."""

    @property
    def thread_owner_id(self) -> str:
        """Id of the job or sweep whose thread carries news about this one."""
        return self.id

    @property
    def open(self) -> bool:
        """True while there is work left: not ended, result not posted, log not archived, or card out of date."""
        publication = self.publication
        done = publication.result.committed_at is not None and publication.archived_at is not None
        return self.execution.live or not done or publication.outdated

    @property
    def card_view(self) -> tuple[Any, ...]:
        """What the card shows: if this changes, the card is out of date. Machine time alone is no news."""
        publication, board = self.publication, self.board
        shown = publication.thread_id or None, publication.closed.why, publication.result.undeliverable
        tally = replace(self.tally, seconds=0.0)
        watch = self.watch.shown
        return self.run, self.execution, self.continued, tally, board.picture, board.importance, watch, *shown

    def ended(self, reason: EndReason, at: float, detail: str = "") -> "Sweep":
        return replace(self, execution=self.execution.ended(reason, at, detail))
