"""What an administrator reads: pages of their projects' entries, and a file that proves itself."""

import math
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import SqliteStore
from bot.adapters.sqlite.audit.audit_file import read_links
from bot.domain.access import Grant, Person, Verb
from bot.domain.audit.chain import problems
from bot.domain.audit.entry import Does, Effect, Entry
from bot.errors import NotAllowed
from bot.ports.audit import Wanted
from bot.services.people.permits import Permits
from bot.services.people.read_audit import PAGE, ReadAudit

ALL, SOME, NONE = (200_000_000_000_000_000 + number for number in range(3))
PERMITS = Permits(
    (
        Grant(frozenset({str(ALL)}), frozenset({Verb.ADMINISTER})),
        Grant(frozenset({str(SOME)}), frozenset({Verb.ADMINISTER}), projects=frozenset({"mnist"})),
    )
)


def admin(role: int) -> Person:
    return Person(1, "mika", frozenset({role}), 77)


@pytest.fixture
async def read(store: SqliteStore) -> ReadAudit:
    for number in range(25):
        project = ("mnist", "walker", "")[number % 3]
        await store.audit(Entry(str(number), "/train", effect=Effect(Does.NOTHING, "", project)))
    return ReadAudit(store, PERMITS, lambda: 1_000.0)


async def numbers(read: ReadAudit, role: int, page: int, **wanted: Any) -> list[int]:
    found = await read.page(admin(role), Wanted(**wanted), page)
    return [int(fields["number"]) for fields in found.entries]


async def test_pages_are_newest_first_and_end(read: ReadAudit) -> None:
    pages = [await read.page(admin(ALL), Wanted(), page) for page in (1, 2, 3, 4)]
    assert [page.more for page in pages] == [True, True, False, False]
    assert [int(f["number"]) for page in pages for f in page.entries] == list(range(25, 0, -1))
    assert len(pages[0].entries) == PAGE


async def test_administrator_of_one_project_sees_its_entries_alone(read: ReadAudit) -> None:
    assert await numbers(read, SOME, 1) == [25, 22, 19, 16, 13, 10, 7, 4, 1]
    assert await numbers(read, SOME, 1, projects=("walker",)) == []
    assert await numbers(read, ALL, 1, projects=("walker",)) == [23, 20, 17, 14, 11, 8, 5, 2]
    assert await numbers(read, NONE, 1) == []


async def test_export_is_a_whole_part_of_the_chain(read: ReadAudit, tmp_path: Path) -> None:
    made = await read.export(admin(ALL), 0.0, 1_000_000)
    (tmp_path / "audit.jsonl").write_bytes(made.content)
    links = list(read_links(tmp_path / "audit.jsonl"))
    assert (made.first, made.last, len(links)) == (1, 25, 25)
    assert list(problems(links)) == []


@pytest.mark.parametrize("batch", [1, 4, 1_000])
async def test_export_keeps_the_newest_that_fit(read: ReadAudit, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr("bot.services.people.read_audit.BATCH", batch)
    made = await read.export(admin(ALL), 0.0, 3_000)
    assert 0 < len(made.content) <= 3_000
    assert made.content.count(b"\n") == 25 - made.first + 1 < 25
    assert (await read.export(admin(ALL), math.inf, 3_000)).content == b""


@pytest.mark.parametrize("role", [SOME, NONE])
async def test_export_is_for_administrators_of_everything(read: ReadAudit, role: int) -> None:
    with pytest.raises(NotAllowed, match="all projects"):
        await read.export(admin(role), 0.0, 1_000)
