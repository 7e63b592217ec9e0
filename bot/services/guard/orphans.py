"""Name the jobs that run under the bot's name and belong to nobody, and end them after a grace.

`reconcile` finds them: their project has left the config, or another version of the bot wrote what this one cannot
read. They have no thread, so they are named in the first channel: once, also over a restart, by a look at its history.
"""

from hashlib import sha256

import structlog

from bot.domain.audit.entry import Does, own
from bot.domain.clock import MissingFor
from bot.domain.inert import Inert
from bot.domain.texts.engine import engine_title
from bot.domain.texts.guard_texts import orphan_ended, orphan_found
from bot.services.jobs.adopt import Orphan
from bot.services.jobs.reconcile import Reconcile
from bot.services.running.core import Core, Outside
from bot.services.running.timers import Timers

log = structlog.get_logger()

STEP_SECONDS = 300.0
REPEAT_SECONDS = 300.0
"""Between two requests to end one: it is listed until it has ended."""
NONCE_DIGITS = 20


class Orphans:
    """Takes up what `reconcile` could not adopt."""

    def __init__(self, core: Core, outside: Outside, reconcile: Reconcile, grace_seconds: float) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._engine, self._chat, self._reconcile = outside.engine, outside.chat, reconcile
        self._grace = grace_seconds
        self._named: dict[str, MissingFor] = {}
        """By engine id: how long ago it was named."""
        self._ended: Timers[str] = Timers(core.now)

    async def once(self) -> None:
        """Name the new ones, and end those whose grace is over."""
        orphans = self._reconcile.orphans
        self._named = {each: since for each, since in self._named.items() if each in orphans}
        self._ended.keep(orphans)
        for orphan in orphans.values():
            if orphan.engine_id not in self._named:
                await self._name(orphan)
            elif self._named[orphan.engine_id].check(self._now()) >= self._grace:
                await self._end(orphan)

    async def _name(self, orphan: Orphan) -> None:
        minutes, engine = round(self._grace / 60), engine_title(next(iter(self._projects.values()), None))
        text = orphan_found(orphan.name, orphan.engine_id, orphan.why, minutes, engine)
        await self._say(text, f"orphan:{orphan.engine_id}")
        self._named[orphan.engine_id] = MissingFor(self._now(), STEP_SECONDS)

    async def _end(self, orphan: Orphan) -> None:
        if not self._ended.due(orphan.engine_id, REPEAT_SECONDS):
            return
        log.error("ending an orphan", engine_id=orphan.engine_id, name=orphan.name, why=orphan.why)
        await self._store.audit(own(Does.END, "", orphan.project, orphan.engine_id, why=orphan.why))
        await self._engine.terminate(orphan.engine_id, f"Nobody can see or stop it: {orphan.why}")
        self._ended.start(orphan.engine_id)
        engine = engine_title(next(iter(self._projects.values()), None))
        await self._say(orphan_ended(orphan.name, orphan.engine_id, engine), f"ended:{orphan.engine_id}")

    async def _say(self, text: Inert, key: str) -> None:
        """In the first channel of the config, unless it is there already."""
        channel_id = next((id_ for each in self._projects.values() for id_ in each.channel_ids), 0)
        if channel_id and await self._chat.find_text(channel_id, text, after=0) is None:
            await self._chat.send_text(channel_id, text, nonce=sha256(key.encode()).hexdigest()[:NONCE_DIGITS])
