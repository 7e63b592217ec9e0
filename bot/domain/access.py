"""Who may do what, by roles that the config names."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the guild. `roles` holds both ids and names, as the config may use either."""

    id: int
    name: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """The roles (names or ids) that may train, and those that may stop anybody's jobs."""

    train: frozenset[str]
    stop_any: frozenset[str]

    def check_train(self, person: Person) -> None:
        """Raises `NotAllowed`, naming the roles that may."""
        if not person.roles & (self.train | self.stop_any):
            raise NotAllowed(f"You may not start jobs here: that takes the role {_either(self.train)}. Ask an admin.")

    def check_stop(self, person: Person, asker_id: int) -> None:
        """People stop their own jobs, and `stop_any` stops all; raises `NotAllowed` otherwise."""
        if person.roles & self.stop_any or (person.id == asker_id and person.roles & self.train):
            return
        raise NotAllowed(
            f"You may not stop this job: only <@{asker_id}>, who asked for it, or the role "
            f"{_either(self.stop_any)} may."
        )


def _either(roles: Iterable[str]) -> str:
    return " or ".join(f'"{role}"' for role in sorted(roles)) or "that the config names (it names none)"
