"""Post the audit to its channel: each entry once, in order, several in one message.

It has its own lane and sends one message a pass, so however much there is to tell, a result waits for one of them at
most. What it is about to send is in the store before; after a restart, the nonce or a look at the channel's history
tells whether it has arrived. Entries that the channel refuses wait, and nothing waits for them.

It is no post of the outbox: each of those belongs to a job, and most entries have none.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain.audit.chain import Link
from bot.domain.audit.channel import AuditMessage, ChannelPosition, of_interest
from bot.domain.clock import passed
from bot.domain.inert import EMPTY, Inert, listed, phrase, stacked
from bot.domain.texts.audit_lines import audit_line
from bot.domain.texts.command_names import commands
from bot.errors import Deleted, Denied, Missing, Refused
from bot.ports.chat import Chat
from bot.services.delivery.lanes import LaneKey, Lanes
from bot.services.delivery.own_message import SendOnce
from bot.services.delivery.progress import Task
from bot.services.running.core import Core

log = structlog.get_logger()

LANE: LaneKey = ("", "audit")
PASS_SECONDS = 5.0
"""Between two messages."""
REFUSED_SECONDS = 600.0
"""Before a channel that refused is tried again: Discord counts each refusal."""
MESSAGE_CHARACTERS = 2_000
READ_AT_ONCE = 100
NONCE_DIGITS = 20
"""Of the hash of a message's last entry: no other entry has it, also not after a restore. Discord takes 25 characters:
https://docs.discord.com/developers/resources/message#create-message"""


class AuditChannel:
    """`channel_id` is 0 without a channel. One that is new begins with what is asked from then on."""

    def __init__(self, core: Core, chat: Chat, lanes: Lanes, channel_id: int, nonce_window: float) -> None:
        self._store, self._now, self._lanes = core.store, core.now, lanes
        self._channel_id, self._send = channel_id, SendOnce(chat, core.now, nonce_window)
        self._refused_at = 0.0

    async def once(self) -> None:
        """Begin to send one message, if there is anything to tell."""
        if not self._lanes.free(LANE):
            return
        place = await self._store.audit_position()
        if not self._channel_id:
            if place is not None:
                await self._store.keep_audit_position(None)
            return
        if place is None or place.channel_id != self._channel_id:
            newest = await self._store.audit_anchor()
            await self._store.keep_audit_position(ChannelPosition(self._channel_id, newest.number))
            return
        if not passed(self._refused_at, REFUSED_SECONDS, self._now()):
            return
        place = await self._with_message(place)
        if place.pending is not None:
            task = Task("a message of the audit", ("messages", place.channel_id))
            self._lanes.start(LANE, task, self._deliver(place, place.pending))

    async def _with_message(self, place: ChannelPosition) -> ChannelPosition:
        """The position with a message under way, if any entry waits for one; committed."""
        if place.pending is not None:
            return place
        links = await self._store.audit_chain(place.posted + 1, READ_AT_ONCE)
        message = next_message(links)
        if message is not None:
            place = replace(place, pending=message)
        elif len(links) == READ_AT_ONCE:
            place = replace(place, posted=links[-1].number)
        else:
            return place
        await self._store.keep_audit_position(place)
        return place

    async def _deliver(self, place: ChannelPosition, message: AuditMessage) -> None:
        try:
            message_id = await self._arrived(place, message)
        except Deleted:
            message_id = 0
        except (Missing, Denied) as error:
            self._refused_at = self._now()
            log.warning(
                "the audit channel refuses", error=str(error), setting="discord.audit_channel", posted=place.posted
            )
            return
        except Refused as error:
            await self._give_up(place, message, error)
            return
        await self._store.keep_audit_position(place.settled(message_id))

    async def _arrived(self, place: ChannelPosition, message: AuditMessage) -> int:
        """The message's id, whether it is sent now or had arrived before."""

        async def attempt(at: float) -> None:
            attempted = replace(message, attempted_at=at)
            await self._store.keep_audit_position(replace(place, pending=attempted))

        return await self._send.arrived(place.channel_id, message, place.message_id, attempt)

    async def _give_up(self, place: ChannelPosition, message: AuditMessage, error: Refused) -> None:
        """Discord takes no such message: a sentence goes in its place, or nothing if that is refused as well."""
        log.warning("message of the audit refused", first=place.posted + 1, last=message.until, error=str(error))
        instead = refused_entries(place.posted + 1, message.until)
        if message.text == instead:
            await self._store.keep_audit_position(place.settled(0))
            return
        # The nonce stays: the refused message was never made.
        replaced = replace(message, text=instead, attempted_at=None)
        await self._store.keep_audit_position(replace(place, pending=replaced))


def next_message(links: Sequence[Link]) -> AuditMessage | None:
    """As many of these entries as one message takes; None if none of them belongs in the channel."""
    text, last = EMPTY, None
    for link in links:
        fields = link.fields
        if not of_interest(fields):
            continue
        longer = stacked(text, audit_line(fields))
        if len(longer) > MESSAGE_CHARACTERS and last is not None:
            break
        text, last = longer, link
    return AuditMessage(last.number, last.hash[:NONCE_DIGITS], text) if last is not None else None


def refused_entries(first: int, last: int) -> Inert:
    """What stands in the channel in place of a message that Discord does not take."""
    sentence = phrase("Discord refused the message with entries {first} to {last}.", first=first, last=last)
    return listed(sentence, phrase("{audit} shows them.", **commands()), separator=" ")
