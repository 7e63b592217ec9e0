"""Who may do what: grants of verbs to roles, and the answers that follow from them.

People's roles are compared by id alone: whoever has Discord's Manage Roles can give any role any name.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

EVERYONE = "@everyone"
"""The role that every member has. Its id is the server's: https://docs.discord.com/developers/topics/permissions#role-object"""
_ROLE_ID = re.compile(r"[1-9][0-9]{14,19}")
"""A snowflake; shorter numbers are names: https://docs.discord.com/developers/reference#snowflakes"""


class Verb(StrEnum):
    """What a grant allows. Each includes `SEE`: nobody works on a project that doesn't exist for them."""

    SEE = "see"
    """Cards, lists, logs, plots, files, and everything that autocomplete suggests."""
    TRAIN = "train"
    SWEEP = "sweep"
    STOP_OWN = "stop own"
    STOP_ANY = "stop any"
    APPROVE = "approve"
    """Letting start what may cost much and another person asked for."""
    ADMINISTER = "administer"
    """Commands that concern the bot itself."""


_INCLUDED: Mapping[Verb, frozenset[Verb]] = {
    verb: frozenset({verb, Verb.SEE} | ({Verb.STOP_OWN} if verb is Verb.STOP_ANY else set())) for verb in Verb
}


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the server who asks something. `roles` are ids, with the server's own, which is @everyone's."""

    id: int
    name: str
    roles: frozenset[int] = frozenset()
    channel_id: int = 0
    """Where they ask; in a thread, the channel that it belongs to."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One `[[grants]]` of the config."""

    roles: frozenset[str]
    """Ids, names or `EVERYONE`, as in the config."""
    may: frozenset[Verb]
    projects: frozenset[str] = frozenset()
    """Empty for all, also those that the config no longer has."""
    channels: frozenset[int] = frozenset()
    """Empty for all."""
    spend_up_to_usd: float = math.inf
    """The most that one command may cost."""

    @property
    def verbs(self) -> frozenset[Verb]:
        """With those that its verbs include."""
        return frozenset().union(*(_INCLUDED[verb] for verb in self.may))

    def holds(self, verb: Verb, channel_id: int, project: str | None = None) -> bool:
        """In this channel, for this project, or for any."""
        here = not self.channels or channel_id in self.channels
        return here and verb in self.verbs and (project is None or not self.projects or project in self.projects)


@dataclass(frozen=True, slots=True)
class Policy:
    """All grants, with the ids of the roles that they name. What is not granted is denied."""

    grants: tuple[Grant, ...] = ()
    role_ids: Mapping[str, int] = field(default_factory=dict)
    """A name that is missing here is nobody's."""

    def may(self, person: Person, verb: Verb, project: str) -> bool:
        return any(grant.holds(verb, person.channel_id, project) for grant in self._of(person))

    def may_somewhere(self, person: Person, verb: Verb) -> bool:
        """Whether there is any project for which the person may do this here."""
        return any(grant.holds(verb, person.channel_id) for grant in self._of(person))

    def sees(self, person: Person, project: str) -> bool:
        return self.may(person, Verb.SEE, project)

    def seen_projects(self, person: Person) -> frozenset[str] | None:
        """The names of the projects that exist for this person here; None for all that there are or ever were."""
        return self.projects_for(person, Verb.SEE)

    def projects_for(self, person: Person, verb: Verb) -> frozenset[str] | None:
        """The names of the projects for which the person may do this here; None for all."""
        holding = [grant for grant in self._of(person) if grant.holds(verb, person.channel_id)]
        if any(not grant.projects for grant in holding):
            return None
        return frozenset().union(*(grant.projects for grant in holding))

    def spend_limit(self, person: Person, verb: Verb, project: str) -> float:
        """The most USD that one such command of theirs may cost: their most generous grant's; 0 without one."""
        limits = [each.spend_up_to_usd for each in self._of(person) if each.holds(verb, person.channel_id, project)]
        return max(limits, default=0.0)

    def lowest_limit(self, verb: Verb, project: str) -> float:
        """The most that anybody's such command may cost who may do it for this project: the least generous grant's."""
        limits = [
            each.spend_up_to_usd
            for each in self.grants
            if verb in each.verbs and (not each.projects or project in each.projects)
        ]
        return min(limits, default=0.0)

    def holders(self, verb: Verb, channel_id: int, projects: Collection[str]) -> list[str]:
        """The roles that may do this for one of these projects in this channel, as the config has them."""
        holding = [
            role
            for grant in self.grants
            if any(grant.holds(verb, channel_id, project) for project in projects)
            for role in grant.roles
        ]
        return sorted(set(holding))

    def _of(self, person: Person) -> list[Grant]:
        return [grant for grant in self.grants if self.role_id_set(grant.roles) & person.roles]

    def role_id_set(self, roles: Iterable[str]) -> frozenset[int]:
        return frozenset(self.role_ids[role] for role in roles if role in self.role_ids)


def fixed_role_ids(grants: Iterable[Grant], guild_id: int) -> dict[str, int]:
    """The ids of the roles that need no look-up: those given by id, and `EVERYONE`."""
    roles = {role for grant in grants for role in grant.roles}
    ids = {role: int(role) for role in roles if _ROLE_ID.fullmatch(role)}
    return {**ids, EVERYONE: guild_id}


def named_roles(grants: Iterable[Grant]) -> list[str]:
    """The roles that the config gives by name."""
    roles = {role for grant in grants for role in grant.roles}
    return sorted(role for role in roles if role != EVERYONE and not _ROLE_ID.fullmatch(role))
