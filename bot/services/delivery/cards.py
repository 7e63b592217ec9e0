"""Keep the cards current: an edit of each card that shows an older revision."""

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


class EditCards:
    """Leaves at least `card_seconds` between two edits of one card while its job lives."""

    def __init__(self, core: Core, chat: Chat, lanes: Lanes, card_seconds: float) -> None:
        self._store, self._now, self._chat, self._lanes = core.store, core.now, chat, lanes
        self._card_seconds = card_seconds
        self._edited: dict[str, float] = {}

    def due(self, job: Posted) -> bool:
        if not job.publication.outdated or not self._lanes.free(_lane(job)):
            return False
        return not job.execution.live or passed(self._edited.get(job.id, 0.0), self._card_seconds, self._now())

    def start(self, job: Posted) -> None:
        task = Task(f"a card edit of {job.id}", (CARD, job.request.channel_id))
        self._lanes.start(_lane(job), task, self._edit(job))

    async def _edit(self, job: Posted) -> None:
        self._edited[job.id] = self._now()
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
