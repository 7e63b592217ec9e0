"""What trials left, once they have ended."""

import json

import pytest

from bot.chat.cards import sweep_card, trial_card, verdict
from bot.domain.inert import EMPTY
from bot.domain.model.trial import TrialState
from bot.errors import Unavailable
from bot.services.sweeps.collect_results import AT_ONCE
from tests.support.projects import PROJECT
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import GRID, end_child, leave, metrics, settle


class File(bytes):
    """Counts how many of it are in memory."""

    alive = most = 0

    def __init__(self, content: bytes) -> None:
        File.alive += 1
        File.most = max(File.most, File.alive)

    def __del__(self) -> None:
        File.alive -= 1


async def test_the_metrics_of_a_few_trials_are_in_memory_at_once(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds end together, and each file may be large."""
    proposal = await bot.sweep("lr=0.001..0.1:100")
    await bot.propose.confirm(proposal.sweep.id, MIKA)
    await bot.turn()
    for number in range(100):
        end_child(outside, f"batch-1:{number}")

    async def read(uri: str, *, limit: int = 0) -> bytes:
        if uri.endswith("manifest.json"):
            return b""
        return File(metrics(50.0 + int(uri.split("/")[-2]) / 4))

    monkeypatch.setattr(outside.artifacts, "read", read)
    for service in (bot.track_jobs, bot.track_trials, bot.collect_results):
        await service.once()
    assert File.most <= 2 * AT_ONCE, "a thread holds one a moment longer"
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 100}
    assert sweep.tally.leaders[0].value == 50.0 + 99 / 4


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
