"""A retry that the store has lost is found again at the engine as it was, and is not started a second time."""

from pathlib import Path

from bot.adapters.sqlite import open_store
from tests.bot.services.remedies.scene import TIMED_OUT, Scene
from tests.support.services import Bot, Outside


async def test_with_what_was_changed_of_it(scene: Scene, outside: Outside, tmp_path: Path) -> None:
    failed = await scene.begin()
    scene.checkpoint_of(failed)
    scene.end("", TIMED_OUT, None)
    await scene.settle()
    retry = (await scene.take(await scene.row(failed.id))).job
    await scene.bot.turn()
    async with open_store(tmp_path / "new.db", now=outside.clock) as store:
        bot = Bot(outside, store, tmp_path, project=scene.project)
        await bot.reconcile.once()
        found = await store.job(retry.id)
    assert found is not None
    assert found.run.remedied == retry.run.remedied
    assert found.run.resume_from == retry.run.resume_from
    assert (found.run.timeout_seconds, found.run.memory_mib, found.request.retry_of) == (5_400, 0, failed.id)


async def test_a_click_after_a_store_was_restored_gets_the_job_that_runs(
    scene: Scene, outside: Outside, tmp_path: Path
) -> None:
    failed = await scene.fail(status=TIMED_OUT, code=None)
    snapshot = tmp_path / "snapshot.db"
    await scene.store.snapshot(snapshot)
    retry = (await scene.take(failed)).job
    await scene.bot.turn()
    async with open_store(snapshot, now=outside.clock) as store:
        restored = Scene(outside, store, tmp_path)
        restored.bot = Bot(outside, store, tmp_path, new_id=lambda: "another", project=scene.project)
        await restored.bot.reconcile.once()
        taken = await restored.take(failed, interaction_id=90)
    assert (taken.job.id, taken.before) == (retry.id, True)
