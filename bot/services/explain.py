"""Tell in the thread why a job waits for a machine, once for each cause, when it has waited long.

A cause that shows only in passing is not told: one MISCONFIGURATION is normal while a queue scales from zero.
"""

from collections.abc import Callable

from bot.domain.clock import passed
from bot.domain.job import Job
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.waiting import cause_name, stuck
from bot.ports import Store
from bot.services.bells import Bells


class Explain:
    """`dwell_seconds` is how long a cause must have been looked at: what the store says right after a start is old."""

    def __init__(self, store: Store, bells: Bells, dwell_seconds: float, *, now: Callable[[], float]) -> None:
        self._store, self._bells, self._dwell, self._now = store, bells, dwell_seconds, now
        self._since: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()

    async def once(self) -> None:
        """Commits the notes that are due. The note's key makes it once; `_told` only spares the look."""
        waiting = {(job.id, cause_name(job)): job for job in await self._store.open_jobs() if _waits(job)}
        self._since = {key: self._since.get(key, self._now()) for key in waiting}
        self._told &= waiting.keys()
        for key, job in waiting.items():
            if key not in self._told and passed(self._since[key], self._dwell, self._now()):
                await self._store.change(job.id, self._note)
                self._told.add(key)
                self._bells.notify.ring()

    def _note(self, job: Job) -> Change | None:
        if not _waits(job):
            return None
        minutes = max(1, round((self._now() - (job.seen_at or self._now())) / 60))
        text = stuck(job, f"{minutes} min")
        note = NewPost(f"waits:{job.face}:{cause_name(job)}", PostKind.NOTE, job.face, text=text)
        return Change(job, (note,))


def _waits(job: Job) -> bool:
    """Whether it waits for a machine, as far as AWS has told lately."""
    return bool(cause_name(job)) and job.stop_at is None and job.unseen_since is None
