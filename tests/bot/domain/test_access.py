"""Who may start and stop, and which project a command means."""

import pytest

from bot.domain.access import Access, Person
from bot.domain.project import Project, choose
from bot.errors import BadInput, NotAllowed, UnknownName

ACCESS = Access(frozenset({"trainer"}), frozenset({"admin", "77"}))
GUEST = Person(1, "guest")
NOOR = Person(2, "noor", frozenset({"trainer", "55"}))
MIKA = Person(3, "mika", frozenset({"77"}))


def _project(name: str, *channels: int) -> Project:
    return Project(name, "https://x/r.git", ("main",), ("python",), "q", "d", "/g", "s3://b/jobs", ACCESS, channels)


def test_roles_match_by_name_or_id() -> None:
    ACCESS.check_train(NOOR)
    ACCESS.check_train(MIKA)
    with pytest.raises(NotAllowed, match='the role "trainer"'):
        ACCESS.check_train(GUEST)


def test_people_stop_their_own_jobs_and_admins_stop_all() -> None:
    ACCESS.check_stop(NOOR, asker_id=2)
    ACCESS.check_stop(MIKA, asker_id=2)
    with pytest.raises(NotAllowed, match='"77" or "admin"'):
        ACCESS.check_stop(NOOR, asker_id=3)
    with pytest.raises(NotAllowed):
        ACCESS.check_stop(Person(2, "noor"), asker_id=2)


def test_roles_without_names_are_no_refusal() -> None:
    early = Person(2, "noor", frozenset({"555555555555555555"}), roles_are_named=False)
    with pytest.raises(NotAllowed, match=r"this server's roles\. Try again in a moment\.$"):
        ACCESS.check_train(early)
    with pytest.raises(NotAllowed, match=r"this server's roles\. Try again in a moment\.$"):
        ACCESS.check_stop(early, asker_id=3)
    Access(frozenset({"555555555555555555", "trainer"}), frozenset()).check_train(early)
    with pytest.raises(NotAllowed, match="Ask an admin"):
        Access(frozenset({"666666666666666666"}), frozenset()).check_train(early)


def test_without_configured_roles_nobody_may_train() -> None:
    with pytest.raises(NotAllowed, match="the config lists none"):
        Access(frozenset(), frozenset()).check_train(MIKA)


def test_the_channel_selects_the_project() -> None:
    projects = [_project("mnist", 10), _project("walker", 20)]
    assert choose(projects, "", 20).name == "walker"
    assert choose(projects, "mnist", 20).name == "mnist"
    assert choose(projects[:1], "", 99).name == "mnist"
    with pytest.raises(BadInput, match=r"Which project\? This channel belongs to none\. Choose one: mnist, walker\."):
        choose(projects, "", 99)
    with pytest.raises(UnknownName, match=r'There is no project "mnits"\. Did you mean mnist\?'):
        choose(projects, "mnits", 10)
