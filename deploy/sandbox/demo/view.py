"""What one person sees of the guild, kept current by events; and waiting until something shows up."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from deploy.sandbox.discord.people.client import Person

Json = dict[str, Any]
Found = TypeVar("Found")
_JOB_ID = re.compile(r"\b[23456789bcdfghjkmnpqrstvwxz]{6}\b")


PATIENCE = 120.0
"""Seconds to wait for one step of the scene, which takes a few on an idle machine."""


class NotSeenError(RuntimeError):
    """Something did not show up in time; the message says what."""


class View:
    """Messages by id, in the order they arrived. `feed` keeps them current; `watching` runs it for you."""

    def __init__(self, person: Person, on_event: Callable[[Json], None]) -> None:
        self.person, self._on_event = person, on_event
        self.messages: dict[str, Json] = {}
        self._changed = asyncio.Event()

    async def feed(self) -> None:
        """Apply the person's events until cancelled."""
        async for event in self.person.events():
            if event["t"] in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
                self.messages[event["d"]["id"]] = event["d"]
            self._on_event(event)
            self._changed.set()

    async def until(self, what: str, look: Callable[["View"], Found | None], seconds: float = PATIENCE) -> Found:
        """Wait until `look` returns something, and return it. Raises NotSeenError, naming `what`, after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while (found := look(self)) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise NotSeenError(f"{what}: not seen within {seconds:.0f} s") from None

    def card(self, job_id: str) -> Json | None:
        """The job's card: the bot's message in the channel that names the job and has buttons."""
        return next((m for m in self.messages.values() if _titled(m, job_id) and m.get("components")), None)

    def end(self, job_id: str) -> Json | None:
        """The job's result: the message posted at its end."""
        verdicts = (f"{job_id} succeeded", f"{job_id} failed", f"{job_id} was stopped", f"{job_id} finished")
        return next((m for m in self.messages.values() if text_of(m).startswith(verdicts)), None)

    def thread(self, job_id: str) -> list[Json]:
        """The messages in the thread under the job's card."""
        card = self.card(job_id)
        return [m for m in self.messages.values() if card is not None and m["channel_id"] == card["id"]]


@asynccontextmanager
async def watching(url: str, name: str, on_event: Callable[[Json], None] = lambda _: None) -> AsyncIterator[View]:
    """The view of one person in the Discord stand-in at `url`. `view.person` types and clicks.

    `on_event` gets every event that the person sees. The connection ends with the context.
    """
    async with Person(url, name) as person:
        view = View(person, on_event)
        feed = asyncio.create_task(view.feed())
        try:
            yield view
        finally:
            feed.cancel()


def text_of(message: Json) -> str:
    """All text of a message without its markup, to search in."""
    parts = [message.get("content", "")]
    for embed in message.get("embeds", ()):
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']} {field['value']}" for field in embed.get("fields", ())]
    return re.sub(r"[*`\\]", "", "\n".join(parts))


def job_id_in(message: Json | None) -> str | None:
    """The first job or sweep id in a message, such as the reply to `/train`."""
    match = _JOB_ID.search(text_of(message or {}))
    return match[0] if match else None


def buttons(message: Json) -> dict[str, str]:
    """custom_id by label, without disabled buttons."""
    rows = message.get("components", ())
    found = [button for row in rows for button in row.get("components", ()) if not button.get("disabled")]
    return {button["label"]: button["custom_id"] for button in found if "custom_id" in button}


def _titled(message: Json, job_id: str) -> bool:
    return any(job_id in (embed.get("title") or "") for embed in message.get("embeds", ()))
