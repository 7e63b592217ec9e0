"""Generated inputs as six kinds of people: no effect that was not granted, no leak, no unhandled error."""

import pytest

from tests.access.hostile import Counts, play


def check(counts: Counts, *effects: str) -> None:
    """`effects` are those that must have happened: a run in which nothing is allowed shows nothing."""
    assert counts.bad == []
    assert {name.partition(" ")[0] for name in counts.permitted} >= {"picker", "miller", "boss"}, "nothing was allowed"
    assert {name.partition(" ")[2] for name in counts.permitted} >= set(effects)


@pytest.mark.slow
async def test_four_thousand_inputs() -> None:
    check(await play(4_000, seed_number=1), "train", "sweep", "stop")


@pytest.mark.exhaustive
async def test_fifty_thousand_inputs() -> None:
    check(await play(50_000, seed_number=2), "train", "sweep", "stop", "cancel")
