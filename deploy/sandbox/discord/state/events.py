"""Tells what happened to whoever listens: the bot's gateway sessions and the people's pages."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.entities import Channel, User


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is what a person sees; the gateway dresses it for the bot."""

    name: str
    data: Json
    channel: Channel | None = None
    author: User | None = None
    """Who wrote the message that this is about."""
    only_for: str | None = None
    """The one person who may see it besides the bot."""
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
