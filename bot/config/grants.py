"""`[[grants]]`, and the grants that a project's `train_roles` and `stop_roles` stand for."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from bot.config.projects.project import ProjectSettings
from bot.config.section import Name, Section, Snowflake
from bot.domain.access import Grant, Verb

_TRAIN = frozenset({Verb.SEE, Verb.TRAIN, Verb.SWEEP, Verb.STOP_OWN})


class GrantSettings(Section):
    """[[grants]]"""

    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    may: Annotated[tuple[Verb, ...], Field(min_length=1)]
    projects: tuple[Name, ...] = ()
    channels: tuple[Snowflake, ...] = ()
    spend_up_to_usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @field_validator("roles", mode="before")
    @classmethod
    def _ids_without_quotes(cls, roles: object) -> object:
        if not isinstance(roles, list):
            return roles
        return [str(role) if isinstance(role, int) and not isinstance(role, bool) else role for role in roles]

    @field_validator("roles")
    @classmethod
    def _roles_have_names(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        if any(not role.strip() for role in roles):
            raise ValueError('an empty name: write a role\'s ID, its name, or "@everyone"')
        return roles

    @model_validator(mode="after")
    def _empty_lists_are_not_all(self) -> Self:
        empty = [name for name in ("projects", "channels") if name in self.model_fields_set and not getattr(self, name)]
        if empty:
            raise ValueError(f"{empty[0]} = [] would be none. Leave it out for all, or name some")
        return self


def grant(settings: GrantSettings) -> Grant:
    limit = settings.spend_up_to_usd
    return Grant(
        roles=frozenset(settings.roles),
        may=frozenset(settings.may),
        projects=frozenset(settings.projects),
        channels=frozenset(settings.channels),
        spend_up_to_usd=math.inf if limit is None else limit,
    )


def grants(settings: Iterable[GrantSettings], projects: Mapping[str, ProjectSettings]) -> tuple[Grant, ...]:
    """All grants. `train_roles` may see, train, sweep and stop their own; `stop_roles` may also stop everyone's."""
    return (*map(grant, settings), *_older(projects))


def _older(projects: Mapping[str, ProjectSettings]) -> Iterator[Grant]:
    for name, each in projects.items():
        for roles, may in ((each.train_roles, _TRAIN), (each.stop_roles, _TRAIN | {Verb.STOP_ANY})):
            if roles:
                yield Grant(frozenset(roles), may, frozenset({name}))


def grant_problems(
    settings: Sequence[GrantSettings], projects: Mapping[str, ProjectSettings], *, prices: bool
) -> Iterator[str]:
    """One line per mistake that involves the projects. `prices`: the bot reads prices."""
    for number, each in enumerate(settings, 1):
        for name in sorted(set(each.projects) - projects.keys()):
            yield f"grants.projects: entry {number}: there is no project {name}. Choose one: {', '.join(projects)}"
        if each.spend_up_to_usd is None or prices:
            continue
        concerned = [name for name in projects if name in each.projects or not each.projects]
        if unpriced := [name for name in concerned if projects[name].usd_per_hour is None]:
            yield (
                f"grants.spend_up_to_usd: entry {number}: the cost of {', '.join(unpriced)} is not known. Set "
                f"projects.{unpriced[0]}.usd_per_hour, or prices.enabled = true"
            )
