"""What trials left, once they have ended."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.chat.cards import sweep_card, trial_card, verdict
from bot.domain.drawing.figures import TablesRequest, TableSummary
from bot.domain.inert import EMPTY
from bot.domain.model.trial import TrialState
from bot.errors import Missing, Unavailable
from bot.services.sweeps.collect_results import AT_ONCE, MOST_READINGS
from bot.services.tables.table_files import FETCHES
from tests.support.fakes import FakeFigures
from tests.support.projects import PROJECT
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import GRID, end_child, leave, metrics, settle
from tests.support.waiting import PATIENCE


class Chunk(bytes):
    """Counts how many of it are in memory."""

    alive = most = 0

    def __init__(self, content: bytes) -> None:
        Chunk.alive += 1
        Chunk.most = max(Chunk.most, Chunk.alive)

    def __del__(self) -> None:
        Chunk.alive -= 1


class Poisoned(FakeFigures):
    """The process dies of the tables of some trials."""

    def __init__(self, *poison: bytes) -> None:
        super().__init__()
        self.poison, self.sizes, self.copies = poison, list[int](), list[int]()

    async def summaries(self, request: TablesRequest) -> list[TableSummary]:
        paths = [curve.csv for curve in request.curves if isinstance(curve.csv, Path)]
        self.sizes.append(len(paths))
        self.copies.append(len(list(paths[0].parent.parent.glob("*/*"))))
        if any(path.read_bytes() in self.poison for path in paths):
            raise Unavailable("the drawing process died 2 times")
        return await super().summaries(request)


async def ended_sweep(bot: Bot, outside: Outside, count: int) -> str:
    """A grid whose trials have just succeeded."""
    proposal = await bot.sweep(f"lr=0.001..0.1:{count}")
    await bot.propose.confirm(proposal.sweep.id, MIKA)
    await bot.turn()
    for number in range(count):
        end_child(outside, f"batch-1:{number}")
        uri = f"s3://bucket/jobs/{proposal.sweep.id}/{number}/metrics.csv"
        outside.artifacts.objects[uri] = metrics(50.0 + number / 4)
    return proposal.sweep.id


async def collected(bot: Bot, passes: int = 1) -> None:
    for service in (bot.track_jobs, bot.track_trials, *[bot.collect_results] * passes):
        await service.once()


async def test_tables_pass_through_in_chunks_and_a_few_are_on_disk(
    outside: Outside, bot: Bot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Hundreds end together, and each file may be large."""
    figures = Poisoned()
    monkeypatch.setattr(outside.figures, "summaries", figures.summaries)
    monkeypatch.setattr(bot.collect_results._tasks, "_patience", PATIENCE)
    sweep_id = await ended_sweep(bot, outside, 100)

    async def stream(uri: str, *, limit: int) -> AsyncGenerator[bytes, None]:
        if uri not in outside.artifacts.objects:
            raise Missing(uri)
        for byte in outside.artifacts.objects[uri]:
            yield Chunk([byte])

    monkeypatch.setattr(outside.artifacts, "stream", stream)
    await collected(bot)
    assert Chunk.most <= 2 * FETCHES
    assert max(figures.copies) == AT_ONCE
    assert not list((tmp_path / "tables").glob("*")), "copies are deleted"
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 100}
    assert sweep.tally.leaders[0].value == 50.0 + 99 / 4


async def test_a_poisoned_table_counts_as_none_and_costs_its_neighbours_nothing(
    outside: Outside, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = Poisoned(b"poison")
    monkeypatch.setattr(outside.figures, "summaries", figures.summaries)
    sweep_id = await ended_sweep(bot, outside, 20)
    outside.artifacts.objects[f"s3://bucket/jobs/{sweep_id}/7/metrics.csv"] = b"poison"
    await collected(bot)
    assert (await bot.swept(sweep_id)).tally.counts[TrialState.SUCCEEDED] == 20, "number 7 is not read yet"
    assert figures.sizes == [16, *[1] * 16, 4], "each is read by itself once they are too much together"
    await collected(bot, MOST_READINGS - 1)
    assert (await bot.swept(sweep_id)).tally.counts == {TrialState.SUCCEEDED: 19, TrialState.MISSING: 1}
    assert figures.sizes.count(1) == 16 + MOST_READINGS - 1


async def test_what_successful_trials_have_lost_is_on_the_card_and_in_the_result(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    for number in range(4):
        leave(outside, proposal.sweep.id, number, 90.0 + number)
        manifest = {"not_stored": [{"name": f"model-{number}.pt", "reason": "Permission denied"}] if number > 1 else []}
        uri = f"s3://bucket/jobs/{proposal.sweep.id}/{number}/manifest.json"
        outside.artifacts.objects[uri] = json.dumps(manifest).encode()
        end_child(outside, f"batch-1:{number}")
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    said = f"2 trials: not everything was stored. `/status job:{sweep.id}.2` shows what."
    assert said in str(sweep_card.card(sweep, PROJECT).description)
    assert said in str(verdict.content(sweep, PROJECT, EMPTY))
    trial = (await bot.store.trials(sweep.id, [2]))[0]
    assert "not stored: model-2.pt (Permission denied)" in str(trial_card.card(sweep, trial, PROJECT).description)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}


async def test_trials_are_measured_again_while_the_store_does_not_answer(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that could not be read may name what is missing."""
    proposal = await bot.sweep(GRID)
    await bot.turn()
    leave(outside, proposal.sweep.id, 0, 90.0)
    end_child(outside, "batch-1:0")
    answer = outside.artifacts.read

    async def read(uri: str, *, limit: int = 0) -> bytes:
        if uri.endswith("manifest.json"):
            raise Unavailable("no answer")
        return await answer(uri)

    monkeypatch.setattr(outside.artifacts, "read", read)
    for service in (bot.track_jobs, bot.track_trials, bot.collect_results):
        await service.once()
    assert not (await bot.store.trials(proposal.sweep.id, [0]))[0].measured
    monkeypatch.undo()
    await bot.collect_results.once()
    assert (await bot.store.trials(proposal.sweep.id, [0]))[0].measured
