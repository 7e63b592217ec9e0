"""Deliver one post of the outbox: once, or to the next channel, or never.

A post's nonce makes Discord answer a repeated send with the same message, for "the past few minutes". When that
window may have passed since the first attempt, the history is searched before anything is sent again.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from bot.domain.clock import passed
from bot.domain.model.publication import Refusal
from bot.domain.model.rows import Posted
from bot.domain.posts import Change, File, NewPost, Post, PostKind, Target, first_line
from bot.domain.texts import notes
from bot.errors import Deleted, Denied, Missing, Refused
from bot.ports.chat import Chat
from bot.ports.store import Step
from bot.services.delivery.cards import with_picture
from bot.services.delivery.progress import THREAD_SECONDS, Task
from bot.services.running.core import Core

log = structlog.get_logger()

CLOSED_SECONDS = 300.0
"""Before a thread that refused a post is tried again: Discord counts each refusal."""


_WAIT = (PostKind.THREAD, PostKind.NOTE, PostKind.WARNING)
"""Kinds that wait for a closed thread to open. Refused lines are posted anew, together with those that came after."""


class DeliverPosts:
    def __init__(self, core: Core, chat: Chat, nonce_window: float) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._chat, self._nonce_window = chat, nonce_window

    async def deliver(self, post: Post, job: Posted) -> None:
        """Deliver a post whose target is settled. Raises `Unavailable` if it should be tried again."""
        if post.new.rule.hopeless(job.publication):
            await self._store.post_parked(post.id, "there is no thread to post it in", self._now())
            return
        try:
            message_id = await self._once(post, job)
        except Refused as error:
            await self._refused(post, job, error)
            return
        await self._store.post_done(post.id, message_id, self._now(), _delivered(post, message_id, job))

    async def _refused(self, post: Post, job: Posted, error: Refused) -> None:
        """A refusal that settles nothing costs this one message, and a short sentence is sent in its place.

        Else a result goes to the next channel that may take it; everything else is parked, with what depends on it.
        """
        if post.new.kind is PostKind.MEMBER:  # they may have left the server; the thread is as good without them
            log.info("whoever asked is not in the thread", job=job.id, error=str(error))
            await self._store.post_parked(post.id, str(error), self._now())
            return
        if isinstance(error, Deleted) and post.new.kind is not PostKind.CARD:  # its place is as good as before
            log.info("post had arrived and was deleted", job=job.id, kind=post.new.kind)
            await self._store.post_parked(post.id, str(error), self._now())
            return
        log.warning("post refused", job=job.id, kind=post.new.kind, error=str(error))
        new, settled = post.new, isinstance(error, Missing | Denied)
        if not settled and new.kind is not PostKind.THREAD:
            if not new.replaced:
                await self._store.post_replaced(post.id, notes.refused_message(str(error)))
                return
            if new.rule.target is Target.THREAD:
                await self._store.post_parked(post.id, str(error), self._now())
                return
        project = self._projects.get(job.run.project)
        channels = project.channel_ids if project is not None and settled else None
        refusal = Refusal(str(error), self._now(), isinstance(error, Missing), first_line(new))
        job = await self._store.change(job.id, _lost(post, channels, refusal))
        result = job.publication.result
        if post.new.rule.target is Target.RESULT_CHANNEL and not result.undeliverable:
            log.warning("result goes to another channel", job=job.id, channel=result.channel_id)
            return
        if result.undeliverable:
            log.error("result undeliverable", job=job.id, error=str(error))
        if new.kind in _WAIT and job.publication.may_reopen:
            return
        await self._store.post_parked(post.id, str(error), self._now())

    async def reopen(self, job: Posted) -> None:
        """Try a closed thread or a refused card again: a moderator may have opened the place, or there is room now."""

        def step(stored: Posted) -> Change | None:
            if not stored.publication.may_reopen:
                return None
            return Change(replace(stored, publication=stored.publication.reopened()), _again(stored))

        await self._store.change(job.id, step)

    def may_reopen(self, job: Posted, opened: Collection[int | None]) -> bool:
        """True from time to time, and if its thread or its channel is one of the `opened` places. None is any place."""
        publication = job.publication
        rested = passed(publication.closed.since, CLOSED_SECONDS, self._now())
        is_open = any(place in opened for place in (None, publication.closed.thread_id, job.request.channel_id))
        return publication.may_reopen and (rested or is_open)

    async def _once(self, post: Post, job: Posted) -> int:
        """The message id, whether it is sent now or had arrived before."""
        if self._unsure(post, job):
            arrived = await self._chat.sent(post, job)
            if arrived is not None:
                return arrived
        await self._store.post_attempted(post.id, self._now())
        return await self._chat.send(post, job)

    def _unsure(self, post: Post, job: Posted) -> bool:
        """True if it may have arrived and its nonce no longer protects it; a lost store had other nonces."""
        if post.attempted_at is None:
            return False
        recovered = job.publication.recovered_at is not None
        return recovered or passed(post.attempted_at, self._nonce_window, self._now())


def _again(job: Posted) -> tuple[NewPost, ...]:
    """What is sent anew when a place is tried once more. What belongs to the thread is still there, and waits."""
    if not job.publication.card_may_come:
        return ()
    return (NewPost(f"card:{job.id}:{job.publication.closed.refusals}", PostKind.CARD, job.id),)


def as_task(post: Post, job: Posted) -> Task:
    """The delivery of this post, for the health page. Messages in one channel wait for each other; so do threads."""
    new, channel_id = post.new, job.request.channel_id
    what = f"a {new.kind} of {new.job_id}"
    if new.kind is PostKind.THREAD:
        return Task(what, (PostKind.THREAD, channel_id), THREAD_SECONDS)
    if new.kind is PostKind.MEMBER:
        return Task(what, (PostKind.MEMBER, new.job_id))
    if new.rule.target is Target.RESULT_CHANNEL:
        channel_id = job.publication.result.place(channel_id)
    queue = ("messages", job.publication.thread_id if new.rule.target is Target.THREAD else channel_id)
    return Task(what, queue).with_files(sum(map(_size, new.files)))


def _size(file: File) -> int:
    try:
        return Path(file.path).stat().st_size if file.path else len(file.content)
    except OSError:
        return 0


def _lost(post: Post, channels: Sequence[int] | None, refusal: Refusal) -> Step[Posted]:
    """A refused post takes with it what depends on it: no invalid request is made twice.

    `channels` are the other channels for a result; None if it would be refused in all of them.
    """

    def step(job: Posted) -> Change | None:
        publication, channel_id = post.new.rule.refused(job.publication, refusal), job.request.channel_id
        why = refusal.why
        if post.new.rule.target is Target.RESULT_CHANNEL:
            result = publication.result
            result = result.given_up(why) if channels is None else result.refused(channel_id, channels, why)
            publication = replace(publication, result=result)
        return Change(replace(job, publication=publication))

    return step


def _delivered(post: Post, message_id: int, seen: Posted) -> Step[Posted]:
    """What a delivered post changes; `seen` is what it was made from."""

    def step(job: Posted) -> Change | None:
        if post.new.kind is PostKind.THREAD:
            # In this transaction: after a crash, either the thread is started again, which gives the same one, or this
            # is pending. By its key it is sent once in a job's life: they may leave the thread.
            member = NewPost(f"member:{job.id}", PostKind.MEMBER, job.id)
            return Change(replace(job, publication=job.publication.thread_started(message_id)), (member,))
        if post.new.kind is not PostKind.CARD:
            in_thread = post.new.rule.target is Target.THREAD and post.new.kind is not PostKind.MEMBER
            if not in_thread or not job.publication.closed.why:
                return None
            return Change(replace(job, publication=job.publication.thread_took()))
        if post.attempted_at is not None:  # it may have arrived as it was at the first attempt: an edit follows
            return Change(replace(job, publication=job.publication.card_found(message_id)))
        publication = job.publication.card_posted(message_id, seen.publication.revision)
        return Change(replace(with_picture(job, seen), publication=publication))

    return step
