"""What one person sees of the guild, kept current by events, and waits for something to be seen."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, TypeVar

from deploy.sandbox.discord.people.client import Person

Json = dict[str, Any]
Found = TypeVar("Found")


class NotSeenError(RuntimeError):
    """What was waited for has not been seen in time; the message says what."""


class View:
    """Messages by id, in the order of their arrival. `feed` runs beside the scene."""

    def __init__(self, person: Person, on_event: Callable[[Json], None]) -> None:
        self._person, self._on_event = person, on_event
        self.messages: dict[str, Json] = {}
        self._changed = asyncio.Event()

    async def feed(self) -> None:
        """Until cancelled."""
        async for event in self._person.events():
            if event["t"] in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
                self.messages[event["d"]["id"]] = event["d"]
            self._on_event(event)
            self._changed.set()

    async def until(self, what: str, look: Callable[["View"], Found | None], seconds: float = 25) -> Found:
        """What `look` finds, as soon as it finds something. Raises NotSeenError after so long."""
        try:
            async with asyncio.timeout(seconds):
                while (found := look(self)) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise NotSeenError(f"{what}: not seen within {seconds:.0f} s") from None

    def card(self, job_id: str) -> Json | None:
        """The job's card: the bot's message in the channel that shows it and has buttons."""
        return next((m for m in self.messages.values() if _titled(m, job_id) and m.get("components")), None)

    def end(self, job_id: str) -> Json | None:
        """The message on the job's end."""
        verdicts = (f"{job_id} succeeded", f"{job_id} failed", f"{job_id} was stopped", f"{job_id} swept")
        return next((m for m in self.messages.values() if text_of(m).startswith(verdicts)), None)

    def thread(self, job_id: str) -> list[Json]:
        """The messages in the thread of the job's card."""
        card = self.card(job_id)
        return [m for m in self.messages.values() if card is not None and m["channel_id"] == card["id"]]


def text_of(message: Json) -> str:
    """Everything that a message says, without its markup, for looking something up in it."""
    parts = [message.get("content", "")]
    for embed in message.get("embeds", ()):
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']} {field['value']}" for field in embed.get("fields", ())]
    return re.sub(r"[*`\\]", "", "\n".join(parts))


def buttons(message: Json) -> dict[str, str]:
    """custom_id by label, without those that are disabled."""
    rows = message.get("components", ())
    found = [button for row in rows for button in row.get("components", ()) if not button.get("disabled")]
    return {button["label"]: button["custom_id"] for button in found if "custom_id" in button}


def _titled(message: Json, job_id: str) -> bool:
    return any(job_id in (embed.get("title") or "") for embed in message.get("embeds", ()))
