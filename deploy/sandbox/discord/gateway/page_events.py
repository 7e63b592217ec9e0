"""Events for the open pages: each receives what its person can see."""

import asyncio

import orjson

from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import User
from deploy.sandbox.discord.state.events import Event

_PAGE_EVENTS = frozenset(
    {
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "THREAD_CREATE",
        "THREAD_UPDATE",
        "THREAD_DELETE",
        "CHANNEL_UPDATE",
        "TYPING_START",
        "COMMANDS_UPDATE",
        "INTERACTION",
    }
)


class Viewer:
    def __init__(self, person: User) -> None:
        self.person = person
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    def send(self, name: str, data: Json) -> None:
        self.queue.put_nowait(orjson.dumps({"t": name, "d": data}))


class Viewers:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._viewers: set[Viewer] = set()
        self._seq = 0
        core.hub.subscribe(self._deliver)

    def join(self, person: User) -> Viewer:
        viewer = Viewer(person)
        viewer.send("HELLO", {"seq": self._seq})
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)

    def _deliver(self, event: Event) -> None:
        if not event.to_people or event.name not in _PAGE_EVENTS:
            return
        self._seq += 1
        for viewer in self._viewers:
            if self._may_see(viewer.person, event):
                viewer.send(event.name, event.data)

    def _may_see(self, person: User, event: Event) -> bool:
        if event.only_for is not None:
            return event.only_for == person.id
        return event.channel is None or self._core.guild.can_see(person, event.channel)
