"""What the port promises of drafts: kept until they are too old, over restarts, and nowhere else to be met."""

from pathlib import Path

from bot.adapters.sqlite import SqliteStore, open_store
from tests.bot.adapters.sqlite.sweeps import make_sweep
from tests.support.rows import changed


async def test_one_is_kept_over_a_restart(tmp_path: Path) -> None:
    draft = make_sweep()
    async with open_store(tmp_path / "s.db") as store:
        await store.keep_draft(draft)
    async with open_store(tmp_path / "s.db") as store:
        assert await store.draft(draft.id) == draft


async def test_one_that_is_kept_again_replaces_the_first(store: SqliteStore) -> None:
    draft = make_sweep()
    await store.keep_draft(draft)

    await store.keep_draft(changed(draft, timeout_seconds=7))

    assert await store.draft(draft.id) == changed(draft, timeout_seconds=7)


async def test_it_is_no_job(store: SqliteStore) -> None:
    draft = make_sweep()
    await store.keep_draft(draft)

    assert await store.job(draft.id) is None
    assert await store.jobs() == await store.unfinished() == []
    assert await store.draft("nobody") is None


async def test_it_becomes_one(store: SqliteStore) -> None:
    draft = make_sweep()
    await store.keep_draft(draft)

    assert await store.add(draft, []) == draft
    assert await store.job(draft.id) == await store.draft(draft.id) == draft


async def test_the_old_ones_are_forgotten(store: SqliteStore) -> None:
    old, young = make_sweep(created_at=99.9), make_sweep(created_at=100.0)
    for draft in (old, young):
        await store.keep_draft(draft)

    await store.drop_drafts(100.0)

    assert await store.draft(old.id) is None
    assert await store.draft(young.id) == young


async def test_one_that_is_refused_is_forgotten(store: SqliteStore) -> None:
    refused, other = make_sweep(), make_sweep()
    for draft in (refused, other):
        await store.keep_draft(draft)

    await store.drop_draft(refused.id)
    await store.drop_draft("nobody")

    assert await store.draft(refused.id) is None
    assert await store.draft(other.id) == other
