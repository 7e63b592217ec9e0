"""What the store holds, by what can be done with it."""

from dataclasses import replace
from typing import TypeVar

from bot.domain.model.job import Job
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep

Posted = Job | Sweep
"""What people see: it has a request, a card, a thread and a result."""
Submitted = Job | Submission
"""What the engine runs: it has an id there."""
Row = Job | Sweep | Submission

AnyPosted = TypeVar("AnyPosted", Job, Sweep)
AnySubmitted = TypeVar("AnySubmitted", Job, Submission)
AnyRow = TypeVar("AnyRow", bound=Row)


def counted(before: AnyRow, after: AnyRow) -> AnyRow:
    """`after` with a new revision if its card shows something else than before. One that counted by itself stays."""
    if isinstance(before, Submission) or isinstance(after, Submission):
        return after
    if after.publication.revision != before.publication.revision or after.card_view == before.card_view:
        return after
    return replace(after, publication=after.publication.redrawn())
