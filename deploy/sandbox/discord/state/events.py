"""Events, and the hub that passes them on to the bot's gateway sessions and the people's pages."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.entities import Channel, User


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is what a person sees; the gateway adds what the bot gets besides."""

    name: str
    data: Json
    channel: Channel | None = None
    author: User | None = None
    """The author of the message that the event is about."""
    only_for: str | None = None
    """Id of the only person who may see it (the bot may, too)."""
    to_bot: bool = True
    to_people: bool = True


class EventHub:
    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
