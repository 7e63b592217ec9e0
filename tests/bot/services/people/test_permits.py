"""Roles by name and id at the start and while the bot runs, refusals in words, and what may be public."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from bot.domain.access import EVERYONE, Grant, Person, Verb
from bot.domain.money.quote import Quote
from bot.errors import NotAllowed, StoreError
from bot.services.people.permits import ROLES_FILE, Permits
from bot.services.people.remembered_roles import RememberedRoles
from tests.support.projects import ADMIN, CHANNEL, GUILD, PROJECT, TRAINER

OTHER = 200_000_000_000_000_009
NAMED = (Grant(frozenset({"trainer"}), frozenset({Verb.TRAIN, Verb.STOP_OWN})),)
SERVER = [(GUILD, EVERYONE), (TRAINER, "trainer"), (ADMIN, "admin")]


def noor(*roles: int, channel: int = CHANNEL) -> Person:
    return Person(2, "noor", frozenset({GUILD, *roles}), channel)


def may_train(permits: Permits, role: int) -> bool:
    return permits.policy.may(noor(role), Verb.TRAIN, PROJECT.name)


def started(folder: Path, server: list[tuple[int, str]], grants: tuple[Grant, ...] = NAMED) -> Permits:
    permits = Permits(grants, GUILD, folder)
    permits.roles_are(server)
    return permits


# ---- role names ------------------------------------------------------------------------------------------
def test_until_the_servers_roles_are_known_a_name_is_nobodys_and_the_refusal_says_so() -> None:
    permits = Permits(NAMED, GUILD)
    assert not may_train(permits, TRAINER)
    for asking in (
        lambda: permits.check(noor(TRAINER), Verb.TRAIN, PROJECT.name),
        lambda: permits.check_somewhere(noor(TRAINER), [Verb.TRAIN], [PROJECT]),
        lambda: permits.check_stop(noor(TRAINER), PROJECT.name, asker_id=9),
        lambda: permits.visible(noor(TRAINER), [PROJECT]),
    ):
        with pytest.raises(NotAllowed, match=r"hasn't sent me this server's roles\. Try again in a moment\.$"):
            asking()
    permits.roles_are(SERVER)
    assert may_train(permits, TRAINER)
    assert not may_train(permits, ADMIN)


def test_a_role_that_is_only_named_so_later_gains_nothing(tmp_path: Path) -> None:
    permits = started(tmp_path, SERVER)
    permits.roles_are([(GUILD, EVERYONE), (TRAINER, "old"), (OTHER, "trainer")])
    assert may_train(permits, TRAINER)
    assert not may_train(permits, OTHER)
    again = started(tmp_path, [(GUILD, EVERYONE), (TRAINER, "old"), (OTHER, "trainer")])
    assert not may_train(again, OTHER)
    assert not may_train(again, TRAINER), "the config says trainer, and no role that was it is called so"


def test_a_name_that_nobody_had_at_the_start_is_nobodys_until_a_restart(tmp_path: Path) -> None:
    permits = started(tmp_path, [(GUILD, EVERYONE)])
    permits.roles_are(SERVER)
    assert not may_train(permits, TRAINER)
    assert may_train(started(tmp_path, SERVER), TRAINER)


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ([*SERVER, (OTHER, "trainer")], f'the server has 2 roles named "trainer": {TRAINER}, {OTHER}'),
        ([(OTHER, "trainer")], f'"trainer" was the role {TRAINER} and is now the role {OTHER}'),
        ([(TRAINER, "coach")], f'the role {TRAINER} was named "trainer" and is now "coach"'),
        ([(ADMIN, "trainers")], 'the server has no role "trainer". Did you mean "trainers"?'),
        ([], 'the server has no role "trainer"'),
    ],
)
def test_ambiguous_and_changed_names_are_nobodys_and_the_log_says_why(
    tmp_path: Path, server: list[tuple[int, str]], problem: str
) -> None:
    started(tmp_path, SERVER)
    with structlog.testing.capture_logs() as logs:
        again = started(tmp_path, server)
        again.roles_are(server)
    assert not any(may_train(again, role) for role in (TRAINER, OTHER, ADMIN))
    assert [entry["problem"] for entry in logs] == [problem], "once"
    with pytest.raises(NotAllowed, match='the role "trainer", which the config names and which fits no single role'):
        again.check(noor(TRAINER), Verb.TRAIN, PROJECT.name)


def test_a_role_named_with_the_digits_of_anothers_id_gains_nothing(tmp_path: Path) -> None:
    by_id = (Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN})),)
    permits = started(tmp_path, [*SERVER, (OTHER, str(TRAINER)), (OTHER + 1, EVERYONE)], by_id)
    assert may_train(permits, TRAINER)
    assert not may_train(permits, OTHER)


def test_a_role_given_by_id_that_is_gone_is_noted(tmp_path: Path) -> None:
    by_id = (Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN})),)
    with structlog.testing.capture_logs() as logs:
        started(tmp_path, [(GUILD, EVERYONE)], by_id)
    assert [entry["problem"] for entry in logs] == [f"the server has no role {TRAINER}"]


def test_a_damaged_file_trusts_nobody(tmp_path: Path) -> None:
    started(tmp_path, SERVER)
    (tmp_path / ROLES_FILE).write_text("{")
    with structlog.testing.capture_logs() as logs:
        permits = started(tmp_path, SERVER)
    assert not may_train(permits, TRAINER)
    assert "Delete it to match the roles anew" in logs[0]["error"]
    with pytest.raises(NotAllowed, match="fits no single role"):
        permits.check(noor(TRAINER), Verb.TRAIN, PROJECT.name)


def test_the_file_is_the_bots_alone_and_keeps_what_it_had(tmp_path: Path) -> None:
    remembered = RememberedRoles(tmp_path / "new" / ROLES_FILE)
    assert remembered.read() == {}
    remembered.add({"trainer": 1})
    remembered.add({"admin": 2})
    path = tmp_path / "new" / ROLES_FILE
    assert json.loads(path.read_text()) == {"trainer": 1, "admin": 2}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    for text in ("[]", '{"trainer": null}', '{"trainer": "x"}'):
        path.write_text(text)
        with pytest.raises(StoreError, match="Delete it"):
            remembered.read()


# ---- refusals --------------------------------------------------------------------------------------------
GRANTS = (
    Grant(frozenset({EVERYONE}), frozenset({Verb.SEE}), channels=frozenset({CHANNEL})),
    Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN, Verb.STOP_OWN}), spend_up_to_usd=2.0),
    Grant(frozenset({str(ADMIN)}), frozenset({Verb.STOP_ANY}), projects=frozenset({PROJECT.name})),
)


def test_a_refusal_names_the_roles_that_may() -> None:
    permits = Permits(GRANTS, GUILD)
    with pytest.raises(NotAllowed, match=rf"^You need the role <@&{TRAINER}> to start jobs here\. Ask an admin for it"):
        permits.check(noor(), Verb.TRAIN, PROJECT.name)
    with pytest.raises(NotAllowed, match=r'^You need a role with the grant "sweep" \(the config has none for this'):
        permits.check(noor(TRAINER), Verb.SWEEP, PROJECT.name)
    with pytest.raises(NotAllowed, match=rf"^Only <@9>, who started this job, or the role <@&{ADMIN}> can stop it"):
        permits.check_stop(noor(TRAINER), PROJECT.name, asker_id=9)
    with pytest.raises(NotAllowed, match=rf"You need the role <@&{TRAINER}> or <@&{ADMIN}> to stop jobs here"):
        permits.check_stop(noor(), PROJECT.name, asker_id=2)
    permits.check_stop(noor(TRAINER), PROJECT.name, asker_id=2)
    permits.check_stop(noor(ADMIN), PROJECT.name, asker_id=9)


def test_whoever_sees_nothing_is_told_no_name() -> None:
    permits = Permits(GRANTS, GUILD)
    with pytest.raises(NotAllowed, match=r"^You can't see any project here\. Ask an admin for a role that may\.$"):
        permits.check_somewhere(noor(channel=1), [Verb.SEE], [PROJECT])
    with pytest.raises(NotAllowed, match="can't see any project"):
        permits.visible(noor(channel=1), [PROJECT])
    assert permits.visible(noor(), [PROJECT]) == [PROJECT]
    permits.check_somewhere(noor(channel=1), [], [PROJECT])


def test_a_limit_of_cost_is_kept_to_and_an_unknown_cost_is_above_any() -> None:
    permits = Permits(GRANTS, GUILD)
    permits.check_cost(noor(TRAINER), Verb.TRAIN, PROJECT.name, Quote(2.0, 3_600))
    with pytest.raises(NotAllowed, match=r"This may cost up to \$2\.01, and one command of yours may cost \$2\.00"):
        permits.check_cost(noor(TRAINER), Verb.TRAIN, PROJECT.name, Quote(2.01, 3_600))
    with pytest.raises(NotAllowed, match=r"Nobody knows what this may cost, and .+ set projects\.mnist\.usd_per_hour"):
        permits.check_cost(noor(TRAINER), Verb.TRAIN, PROJECT.name, None)
    Permits((replace(GRANTS[1], spend_up_to_usd=float("inf")),), GUILD).check_cost(
        noor(TRAINER), Verb.TRAIN, PROJECT.name, None
    )


def test_what_may_be_public() -> None:
    elsewhere = replace(PROJECT, channel_ids=(5,))
    permits = Permits(GRANTS, GUILD)
    assert permits.seen_by_all(elsewhere, CHANNEL), "everybody may see it there"
    assert permits.seen_by_all(elsewhere, 5), "its own channel"
    assert not permits.seen_by_all(elsewhere, 6)
