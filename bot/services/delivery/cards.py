"""Keep the cards current: an edit of each card that shows an older revision.

Discord takes about one edit a second in a channel, so where many jobs run, cards wait. An edit that has begun shows its
job as it was then. So each channel has one edit at a time, and the next one begins with what its job is by then.
"""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.posts import Change
from bot.errors import Missing, Refused
from bot.ports.chat import Chat
from bot.ports.store import Step
from bot.services.delivery.lanes import LaneKey, Lanes
from bot.services.delivery.progress import Task
from bot.services.running.core import Core

log = structlog.get_logger()

CARD = "card"
"""Beside a job's lanes: the edits of its card, which wait for nothing else."""
REFUSED_REST_SECONDS = 600.0
"""Before a card whose edit was refused is edited again: Discord counts each refusal."""
OLD_SECONDS = 3540.0
"""From about an hour on, Discord takes fewer edits of a message: error 30046."""
OLD_CARD_SECONDS = 2.5
"""Between two edits of such cards in one channel: others measured three in 6 s.
https://github.com/discord-userdoccers/discord-userdoccers/pull/551"""


class EditCards:
    """Leaves at least `card_seconds` between two edits of one card while its job lives."""

    def __init__(self, core: Core, chat: Chat, lanes: Lanes, card_seconds: float) -> None:
        self._store, self._now, self._chat, self._lanes = core.store, core.now, chat, lanes
        self._card_seconds = card_seconds
        self._edited: dict[str, float] = {}
        self._busy: set[int] = set()
        """Channels with an edit under way."""
        self._old_edited: dict[int, float] = {}
        """When a channel's last edit of an old card began."""

    def start(self, jobs: Iterable[Posted]) -> None:
        """Begin an edit in each channel that has none under way: of the due card whose last edit is longest ago."""
        for job in sorted(filter(self._due, jobs), key=lambda job: self._edited.get(job.id, 0.0)):
            channel_id = job.request.channel_id
            if channel_id not in self._busy:
                self._busy.add(channel_id)
                task = Task(f"a card edit of {job.id}", (CARD, channel_id))
                self._lanes.start(_lane(job), task, self._edit(job))

    def _due(self, job: Posted) -> bool:
        if not job.publication.outdated or not self._lanes.free(_lane(job)):
            return False
        now, channel_id = self._now(), job.request.channel_id
        if self._is_old(job) and not passed(self._old_edited.get(channel_id, 0.0), OLD_CARD_SECONDS, now):
            return False
        return not job.execution.live or passed(self._edited.get(job.id, 0.0), self._card_seconds, now)

    def _is_old(self, job: Posted) -> bool:
        return passed(job.request.created_at, OLD_SECONDS, self._now())

    async def _edit(self, job: Posted) -> None:
        try:
            await self._show(job)
        finally:
            self._busy.discard(job.request.channel_id)

    async def _show(self, job: Posted) -> None:
        self._edited[job.id] = self._now()
        if self._is_old(job):
            self._old_edited[job.request.channel_id] = self._now()
        gone = ""
        try:
            await self._chat.show(job)
        except Refused as error:
            log.warning("card edit refused", job=job.id, error=str(error))
            gone = str(error) if isinstance(error, Missing) else ""
            self._lanes.pause(_lane(job), REFUSED_REST_SECONDS)
        await self._store.change(job.id, _edited(job, gone=gone))
        if not job.execution.live:
            self._edited.pop(job.id, None)


def with_picture(job: Posted, seen: Posted) -> Posted:
    """Record that the card has the picture of the sweep that it was made from."""
    if isinstance(job, Sweep) and isinstance(seen, Sweep):
        return replace(job, board=job.board.shown(seen.board.picture))
    return job


def _lane(job: Posted) -> LaneKey:
    return job.id, CARD


def _edited(seen: Posted, *, gone: str) -> Step[Posted]:
    """What the edit of a card changes; `seen` is what the card was made from."""

    def step(job: Posted) -> Change | None:
        publication = job.publication.card_edited(seen.publication.revision, gone=gone)
        return Change(replace(with_picture(job, seen), publication=publication))

    return step
