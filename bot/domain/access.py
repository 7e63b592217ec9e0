"""Who may do what, by the roles in the config."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import NotAllowed

_ROLE_ID = re.compile(r"\d{15,20}")
"""A snowflake; shorter numbers are names: https://docs.discord.com/developers/reference#snowflakes"""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the server. `roles` holds both ids and names, because the config may use either.

    Unless `roles_are_named`, some names are missing: Discord has not sent the server's roles yet.
    """

    id: int
    name: str
    roles: frozenset[str] = frozenset()
    roles_are_named: bool = True


@dataclass(frozen=True, slots=True)
class Access:
    """The roles (names or ids) that may start jobs, and those that may also stop other people's."""

    train: frozenset[str]
    stop_any: frozenset[str]

    def check_train(self, person: Person) -> None:
        """Raise `NotAllowed` with the roles that may start jobs."""
        if not person.roles & (self.train | self.stop_any):
            _check_named(person, self.train | self.stop_any)
            raise NotAllowed(f"You need {_role(self.train, 'train_roles')} to start jobs here. Ask an admin for it.")

    def check_stop(self, person: Person, asker_id: int) -> None:
        """Let people stop their own jobs, and `stop_any` all jobs. Raises `NotAllowed` otherwise."""
        if person.roles & self.stop_any or (person.id == asker_id and person.roles & self.train):
            return
        _check_named(person, self.train | self.stop_any)
        raise NotAllowed(
            f"Only <@{asker_id}>, who started this job, or {_role(self.stop_any, 'stop_roles')} can stop it."
        )


def _check_named(person: Person, wanted: Iterable[str]) -> None:
    """Raise `NotAllowed` if the person may have a wanted role whose name is not known yet. Ids are always known."""
    if not person.roles_are_named and not all(_ROLE_ID.fullmatch(role) for role in wanted):
        raise NotAllowed(
            "I can't check your roles yet: Discord hasn't sent me this server's roles. Try again in a moment."
        )


def _role(roles: Iterable[str], setting: str) -> str:
    """`the role "trainer"`, or where the role would have to be configured."""
    names = " or ".join(f'"{role}"' for role in sorted(roles))
    return f"the role {names}" if names else f"a role listed in `{setting}` (the config lists none)"
