"""What earlier versions have submitted or stored goes on as it was: grids in the order of their axes, no pilot."""

import json
from dataclasses import replace
from pathlib import Path

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.codec import decode, decode_trial, encode
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from tests.support.services import Bot, Outside
from tests.support.sweeps import GRID, settle

IN_ORDER = [(0.1, 0.5), (0.1, 0.1), (0.01, 0.5), (0.01, 0.1)]


def _points(sweep: Sweep) -> list[tuple[object, ...]]:
    return [tuple(sweep.plan.space.point(number).values()) for number in range(sweep.plan.trials)]


async def test_a_grid_that_an_earlier_version_submitted_is_found_again_in_its_order(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    sweep = (await bot.sweep(GRID)).sweep
    await settle(bot, 2)
    assert _points(sweep) != IN_ORDER
    for engine_id, job in outside.engine.jobs.items():
        environment = dict(job.environment)
        request, space = json.loads(environment["SWEEP"]), json.loads(environment["SWEEP_SPACE"])
        del request["mixed"], space["seed"]
        space["axes"] = space.pop("mixed")
        environment |= {"SWEEP": json.dumps(request), "SWEEP_SPACE": json.dumps(space)}
        outside.engine.jobs[engine_id] = replace(job, environment=tuple(environment.items()))
    (tmp_path / "new").mkdir()
    async with open_store(tmp_path / "new" / "signalbox.db") as empty:
        again = Bot(outside, empty, tmp_path / "new")
        await again.reconcile.once()
        await settle(again, 2)
        found = await again.swept(sweep.id)
        assert _points(found) == IN_ORDER
        assert not found.plan.pilot
        assert len(outside.engine.submissions) == 1


async def test_rows_without_the_new_fields_are_read(bot: Bot) -> None:
    sweep = (await bot.sweep(GRID)).sweep
    row = json.loads(encode(sweep))
    del row["continued"], row["plan"]["pilot"]
    row["plan"]["space"]["encoded"] = {"axes": row["plan"]["space"]["encoded"]["mixed"]}
    old = decode(json.dumps(row, separators=(",", ":")))
    assert isinstance(old, Sweep)
    assert (old.continued, old.plan.pilot, _points(old)) == (None, False, IN_ORDER)
    trial = json.loads(encode(Trial(3)))
    for name in ("leaving", "left", "results", "seconds_before"):
        del trial[name]
    assert decode_trial(json.dumps(trial, separators=(",", ":"))) == Trial(3)
