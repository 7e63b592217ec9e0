"""The doctor's words on the roles of the grants."""

from pathlib import Path

from bot.domain.access import EVERYONE, Grant, Verb
from bot.services.people.permits import ROLES_FILE
from bot.services.people.remembered_roles import RememberedRoles
from bot.services.running.doctor import Finding, Level
from bot.services.running.roles_check import roles_finding
from tests.support.projects import ADMIN, GUILD, TRAINER

SERVER = [(GUILD, EVERYONE), (TRAINER, "trainer"), (ADMIN, "admin")]


def looked_at(tmp_path: Path, *grants: Grant, **remembered: int) -> Finding:
    roles = RememberedRoles(tmp_path / ROLES_FILE)
    roles.add(remembered)
    return roles_finding(grants, SERVER, roles)


def a_grant(*roles: str, may: Verb = Verb.TRAIN) -> Grant:
    return Grant(frozenset(roles), frozenset({may}))


def test_what_fits_is_named(tmp_path: Path) -> None:
    found = looked_at(tmp_path, a_grant("trainer", str(ADMIN)), a_grant(EVERYONE, may=Verb.SEE))
    assert (found.level, found.found) == (
        Level.OK,
        f"to roles that the server has: 1 by ID; trainer is {TRAINER}",
    )


def test_no_grants_at_all(tmp_path: Path) -> None:
    assert looked_at(tmp_path).level is Level.BAD


def test_unknown_and_changed_roles(tmp_path: Path) -> None:
    found = looked_at(tmp_path, a_grant("trainer", "coach", "200000000000000777"), trainer=ADMIN)
    assert found.level is Level.BAD
    assert found.found == (
        'the server has no role "coach"; '
        f'"trainer" was the role {ADMIN} and is now the role {TRAINER}; the server has no role 200000000000000777'
    )
    assert "Copy Role ID" in found.advice


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / ROLES_FILE).write_text("{")
    found = roles_finding([a_grant("trainer")], SERVER, RememberedRoles(tmp_path / ROLES_FILE))
    assert (found.level, "can't be read" in found.found) == (Level.BAD, True)


def test_everybody_may_more_than_see(tmp_path: Path) -> None:
    found = looked_at(tmp_path, a_grant(EVERYONE))
    assert (found.level, found.found) == (Level.NOTE, "@everyone may train")
