"""The doctor's check of the roles that the grants name."""

from collections.abc import Sequence

from bot.domain.access import EVERYONE, Grant, Verb, fixed_role_ids, named_roles
from bot.domain.role_names import match_names, unknown_ids
from bot.errors import StoreError
from bot.services.people.permits import ADVICE
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Finding

SUBJECT = "grants"
_HARMLESS = frozenset({Verb.SEE})


def roles_finding(grants: Sequence[Grant], server: Sequence[tuple[int, str]], remembered: RememberedRoles) -> Finding:
    """Whether each role that a grant names is one role of the server; `server` has the id and name of every one."""
    if not grants:
        advice = "Add [[grants]] to the config; config.example.toml has some."
        return Finding.bad(SUBJECT, "the config has none, so nobody may do anything", advice)
    named = named_roles(grants)
    try:
        matched = match_names(named, server, remembered.read())
    except StoreError as error:
        return Finding.bad(SUBJECT, str(error), "Until then, the role names of the grants are nobody's.")
    ids = {role: role_id for role, role_id in fixed_role_ids(grants, 0).items() if role != EVERYONE}
    problems = [*matched.problems.values(), *unknown_ids(ids.values(), server)]
    if problems:
        return Finding.bad(SUBJECT, "; ".join(problems), ADVICE)
    if given := sorted({verb for grant in grants if EVERYONE in grant.roles for verb in grant.may - _HARMLESS}):
        return Finding.note(SUBJECT, f"{EVERYONE} may {', '.join(given)}", "Leave that to roles, unless you mean it.")
    by_id = f"{len(ids)} by ID" if ids else ""
    names = ", ".join(f"{name} is {role_id}" for name, role_id in matched.ids.items())
    return Finding(SUBJECT, f"to roles that the server has: {'; '.join(filter(None, (by_id, names))) or EVERYONE}")
