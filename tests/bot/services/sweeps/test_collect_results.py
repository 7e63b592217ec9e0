"""What trials left, once they have ended."""

import pytest

from bot.domain.model.trial import TrialState
from bot.services.sweeps.collect_results import AT_ONCE
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import end_child, metrics


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
        return File(metrics(50.0 + int(uri.split("/")[-2]) / 4))

    monkeypatch.setattr(outside.artifacts, "read", read)
    for service in (bot.track_jobs, bot.track_trials, bot.collect_results):
        await service.once()
    assert File.most <= 2 * AT_ONCE, "a thread holds one a moment longer"
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 100}
    assert sweep.tally.leaders[0].value == 50.0 + 99 / 4
