"""The one check of who may do what: the chat and the services ask here before they show or do anything."""

import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import structlog

from bot.domain.access import EVERYONE, Grant, Person, Policy, Verb, fixed_role_ids, named_roles
from bot.domain.money.quote import Quote
from bot.domain.project import Project
from bot.domain.role_names import match_names, unknown_ids
from bot.errors import NotAllowed, StoreError, any_of
from bot.services.people.remembered_roles import RememberedRoles

log = structlog.get_logger()

ROLES_FILE = "roles.json"
ADVICE = "Write the role's ID in the config: Server Settings, Roles, right-click the role, Copy Role ID."
_DEEDS = {
    Verb.SEE: "see jobs here",
    Verb.TRAIN: "start jobs here",
    Verb.SWEEP: "start sweeps here",
    Verb.STOP_OWN: "stop jobs here",
    Verb.STOP_ANY: "stop other people's jobs here",
    Verb.APPROVE: "approve jobs here",
    Verb.ADMINISTER: "administer the bot here",
}


class Permits:
    """Answers by the grants of the config. Role names count once the server's roles are known, by the ids they have
    then; ids count from the start."""

    def __init__(self, grants: Iterable[Grant] = (), guild_id: int = 0, data_dir: Path | None = None) -> None:
        grants = tuple(grants)
        self.policy = Policy(grants, fixed_role_ids(grants, guild_id))
        self._remembered = RememberedRoles(data_dir / ROLES_FILE) if data_dir is not None else None
        self._named, self._settled = named_roles(grants), False
        self._meant: dict[str, int] = {}
        """The ids that the names have, in this run and in earlier ones."""
        self._noted: dict[str, str] = {}

    # ---- what exists -------------------------------------------------------------------------------------
    def sees(self, person: Person, project: str) -> bool:
        return self.policy.sees(person, project)

    def seen_projects(self, person: Person) -> frozenset[str] | None:
        """The names of the projects that exist for this person; None for all."""
        return self.policy.seen_projects(person)

    def administered(self, person: Person) -> frozenset[str] | None:
        """The names of the projects that this person administers here; None for all."""
        return self.policy.projects_for(person, Verb.ADMINISTER)

    def visible(self, person: Person, projects: Iterable[Project]) -> list[Project]:
        """Those that exist for this person; raises `NotAllowed` if none does."""
        found = [project for project in projects if self.sees(person, project.name)]
        if not found:
            self._check_settled()
            raise NotAllowed("You can't see any project here. Ask an admin for a role that may.")
        return found

    def seen_by_all(self, project: Project, channel_id: int) -> bool:
        """Whether an answer about the project may be public in this channel: everybody may see the project there, or
        it is the project's own channel, where its cards are."""
        everyone = Person(0, "", self.policy.role_id_set({EVERYONE}), channel_id)
        return channel_id in project.channel_ids or self.sees(everyone, project.name)

    # ---- what is allowed ---------------------------------------------------------------------------------
    def verbs(self, person: Person, project: str) -> list[Verb]:
        return [verb for verb in Verb if self.policy.may(person, verb, project)]

    def may_any(self, person: Person, verbs: Sequence[Verb]) -> bool:
        """Whether the person may do one of these here, for whichever project. True without any."""
        return not verbs or any(self.policy.may_somewhere(person, verb) for verb in verbs)

    def check(self, person: Person, verb: Verb, project: str) -> None:
        """Raise `NotAllowed` with the roles that may. The project must exist for the person."""
        if not self.policy.may(person, verb, project):
            self._refuse(person, [verb], [project])

    def check_somewhere(self, person: Person, verbs: Sequence[Verb], projects: Iterable[Project]) -> None:
        """Raise `NotAllowed` unless the person may do one of these here, for whichever project."""
        if self.may_any(person, verbs):
            return
        self._refuse(person, verbs, [project.name for project in self.visible(person, projects)])

    def check_stop(self, person: Person, project: str, asker_id: int) -> None:
        """Let people stop their own jobs or all, as they were granted. Raises `NotAllowed` otherwise."""
        if self.policy.may(person, Verb.STOP_ANY, project):
            return
        if person.id == asker_id:
            self.check(person, Verb.STOP_OWN, project)
            return
        self._check_settled()
        roles = self._roles(person, [Verb.STOP_ANY], [project])
        raise NotAllowed(f"Only <@{asker_id}>, who started this job, or {roles} can stop it.")

    def check_cost(self, person: Person, verb: Verb, project: str, quote: Quote | None) -> None:
        """Raise `NotAllowed` if this may cost more than one command of theirs; `quote` is None if nobody knows."""
        limit = self.policy.spend_limit(person, verb, project)
        if (math.inf if quote is None else quote.usd_most) <= limit:
            return
        own = f"one command of yours may cost ${limit:,.2f} at most"
        if quote is None:
            raise NotAllowed(
                f"Nobody knows what this may cost, and {own}. Ask an admin to run `signalbox doctor`, which says which "
                f"price is missing, or to set projects.{project}.usd_per_hour."
            )
        raise NotAllowed(f"This may cost up to ${quote.usd_most:,.2f}, and {own}. Start less, or ask an admin.")

    def lowest_limit(self, verb: Verb, project: str) -> float:
        """What anybody who may do this may spend, whoever they are: the bot does not know people's roles by itself."""
        return self.policy.lowest_limit(verb, project)

    def raisers(self, person: Person, project: str) -> str:
        """Who can raise a cap: `the role @admin`, as mentions."""
        return self._roles(person, [Verb.ADMINISTER], [project])

    def approvers(self, channel_id: int, project: str) -> tuple[int, ...]:
        """The ids of the roles that may approve in this channel."""
        return self._holders(Verb.APPROVE, channel_id, project)

    def administrators(self, channel_id: int, project: str) -> tuple[int, ...]:
        """The ids of the roles that administer in this channel."""
        return self._holders(Verb.ADMINISTER, channel_id, project)

    # ---- roles -------------------------------------------------------------------------------------------
    def roles_are(self, roles: Iterable[tuple[int, str]]) -> None:
        """The server's roles, by id and name: at the start, and whenever they may have changed.

        The first call matches the names of the config. Later ones only note in the log what no longer fits: a name
        never comes to mean another role while the bot runs.
        """
        server = list(roles)
        if not self._settled:
            self._settle(server)
        by_id = [role_id for role, role_id in self.policy.role_ids.items() if role not in (EVERYONE, *self._named)]
        gone = {problem: problem for problem in unknown_ids(by_id, server)}
        self._note({**match_names(self._named, server, self._meant).problems, **gone})

    def _settle(self, server: list[tuple[int, str]]) -> None:
        self._settled = True
        try:
            before = self._remembered.read() if self._remembered is not None else {}
        except StoreError as error:
            log.error("the role names of the grants are nobody's", error=str(error))  # noqa: TRY400  no bug of ours
            return
        ids = match_names(self._named, server, before).ids
        self._meant = {**before, **ids}
        self.policy = Policy(self.policy.grants, {**self.policy.role_ids, **ids})
        if self._remembered is not None:
            self._remembered.add(ids)

    def _note(self, problems: dict[str, str]) -> None:
        for role, problem in problems.items():
            if self._noted.get(role) != problem:
                role_id = self.policy.role_ids.get(role)
                event = "role of a grant is nobody's" if role_id is None else "role of a grant has changed"
                log.warning(event, problem=problem, counts_until_restart=role_id, advice=ADVICE)
        self._noted = problems

    # ---- refusals ----------------------------------------------------------------------------------------
    def _refuse(self, person: Person, verbs: Sequence[Verb], projects: Collection[str]) -> None:
        self._check_settled()
        roles = self._roles(person, verbs, projects)
        raise NotAllowed(f"You need {roles} to {_DEEDS[verbs[0]]}. Ask an admin for it.")

    def _check_settled(self) -> None:
        """Before the server's roles are known, a refusal may be wrong."""
        if self._named and not self._settled:
            raise NotAllowed(
                "I can't check your roles yet: Discord hasn't sent me this server's roles. Try again in a moment."
            )

    def _holders(self, verb: Verb, channel_id: int, project: str) -> tuple[int, ...]:
        names = self.policy.holders(verb, channel_id, [project])
        return tuple(self.policy.role_ids[name] for name in names if name in self.policy.role_ids)

    def _roles(self, person: Person, verbs: Sequence[Verb], projects: Collection[str]) -> str:
        """`the role @trainer or @admin`, as mentions, which show the roles' names of now."""
        found = [role for verb in verbs for role in self.policy.holders(verb, person.channel_id, projects)]
        known = [f"<@&{self.policy.role_ids[role]}>" for role in dict.fromkeys(found) if role in self.policy.role_ids]
        if known:
            return f"the role {any_of(known)}"
        if found:
            return f'the role "{found[0]}", which the config names and which fits no single role of this server,'
        return f'a role with the grant "{verbs[0]}" (the config has none for this channel)'
