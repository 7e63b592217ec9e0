"""What follows from the grants: who may do what, where, and for how much."""

import math

import pytest

from bot.domain.access import EVERYONE, Grant, Person, Policy, Verb, fixed_role_ids, named_roles
from bot.domain.project import Project, choose
from bot.errors import BadInput, UnknownName

GUILD, TRAINER, ADMIN = 100000000000000000, 200000000000000001, 200000000000000002
HERE, ELSEWHERE = 10, 20


def a_grant(*roles: str, may: set[Verb], **where: object) -> Grant:
    return Grant(frozenset(roles), frozenset(may), **{name: frozenset(v) for name, v in where.items()})  # type: ignore[arg-type,call-overload]


def policy(*grants: Grant) -> Policy:
    return Policy(grants, {**fixed_role_ids(grants, GUILD), "trainer": TRAINER})


def person(*roles: int, channel: int = HERE) -> Person:
    return Person(1, "noor", frozenset({GUILD, *roles}), channel)


def test_what_is_not_granted_is_denied() -> None:
    nobody = person(TRAINER, ADMIN)
    assert not any(Policy().may(nobody, verb, "mnist") for verb in Verb)
    assert Policy().seen_projects(nobody) == frozenset()
    assert Policy().spend_limit(nobody, Verb.TRAIN, "mnist") == 0


def test_each_verb_includes_seeing_and_stopping_any_includes_ones_own() -> None:
    for verb in Verb:
        granted = policy(a_grant(str(TRAINER), may={verb}))
        allowed = {each for each in Verb if granted.may(person(TRAINER), each, "mnist")}
        assert allowed == {verb, Verb.SEE} | ({Verb.STOP_OWN} if verb is Verb.STOP_ANY else set())
        assert not any(granted.may(person(), each, "mnist") for each in Verb)


def test_a_grant_holds_for_its_projects_and_channels_alone() -> None:
    granted = policy(a_grant("trainer", may={Verb.TRAIN}, projects={"mnist"}, channels={HERE}))
    assert granted.may(person(TRAINER), Verb.TRAIN, "mnist")
    assert not granted.may(person(TRAINER), Verb.TRAIN, "walker")
    assert not granted.may(person(TRAINER, channel=ELSEWHERE), Verb.TRAIN, "mnist")
    assert granted.seen_projects(person(TRAINER)) == {"mnist"}
    assert granted.seen_projects(person(TRAINER, channel=ELSEWHERE)) == frozenset()
    assert granted.holders(Verb.TRAIN, HERE, ["mnist"]) == ["trainer"]
    assert granted.holders(Verb.TRAIN, ELSEWHERE, ["mnist"]) == []
    assert granted.holders(Verb.TRAIN, HERE, ["walker"]) == []


def test_a_name_that_stands_for_no_role_is_nobodys() -> None:
    granted = policy(a_grant("admin", may={Verb.TRAIN}))
    assert not granted.may(person(TRAINER, ADMIN), Verb.TRAIN, "mnist")
    assert named_roles(granted.grants) == ["admin"]


def test_ids_and_everyone_need_no_look_up() -> None:
    grants = (a_grant(str(TRAINER), EVERYONE, "123", may={Verb.SEE}),)
    assert fixed_role_ids(grants, GUILD) == {str(TRAINER): TRAINER, EVERYONE: GUILD}
    assert named_roles(grants) == ["123"]
    assert policy(*grants).sees(person(), "mnist")


def test_the_most_generous_grant_limits_the_cost() -> None:
    limited = Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN}), spend_up_to_usd=5.0)
    more = Grant(frozenset({str(ADMIN)}), frozenset({Verb.TRAIN}), spend_up_to_usd=50.0)
    free = Grant(frozenset({str(ADMIN)}), frozenset({Verb.SWEEP}))
    granted = policy(limited, more, free)
    assert granted.spend_limit(person(TRAINER), Verb.TRAIN, "mnist") == 5.0
    assert granted.spend_limit(person(TRAINER, ADMIN), Verb.TRAIN, "mnist") == 50.0
    assert granted.spend_limit(person(ADMIN), Verb.SWEEP, "mnist") == math.inf
    assert granted.spend_limit(person(TRAINER), Verb.SWEEP, "mnist") == 0.0


def _project(name: str, *channels: int) -> Project:
    return Project(name, "https://x/r.git", ("main",), ("python",), "q", "d", "/g", "s3://b/jobs", channels)


def test_the_channel_selects_the_project() -> None:
    projects = [_project("mnist", 10), _project("walker", 20)]
    assert choose(projects, "", 20).name == "walker"
    assert choose(projects, "mnist", 20).name == "mnist"
    assert choose(projects[:1], "", 99).name == "mnist"
    with pytest.raises(BadInput, match=r"Which project\? This channel belongs to none\. Choose one: mnist, walker\."):
        choose(projects, "", 99)
    with pytest.raises(UnknownName, match=r'There is no project "mnits"\. Did you mean mnist\?'):
        choose(projects, "mnits", 10)
