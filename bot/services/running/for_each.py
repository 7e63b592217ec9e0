"""Work through a list so that a failure holds up no other item."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from bot.errors import ServiceError

Item = TypeVar("Item")


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """One item after the other. If an outside system fails for some, the last of those errors is raised at the end."""
    failure: ServiceError | None = None
    for item in items:
        try:
            await work(item)
        except ServiceError as error:
            failure = error
    if failure is not None:
        raise failure
