"""The bot is cut at every gate of every story, restarted, cut again, restarted: the outside must not be able to tell.

`python -m pytest tests/faults/test_crash_points.py -v` names every point.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.stories import STORIES, Effects, Story, effects
from tests.faults.world import MEMORY, Play, World

SHORT, LONG = 2.0, 7200.0
"""Seconds until the bot is up again: inside the nonce window and AWS's lag, and far beyond both."""


async def _played(story: Story, cuts: Sequence[int] = (), down: float = SHORT) -> tuple[Effects, Play]:
    world = World()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        async with Play(world, Path(folder), cuts=cuts, down=down).playing() as play:
            await story(play)
            await play.restart()
            await play.settle()
            assert not await play.bot.store.open_jobs(), "something is left to do"
            assert not await play.bot.store.pending_posts(), "something is left to say"
    return effects(world), play


@pytest.mark.parametrize("down", [SHORT, LONG], ids=["up-at-once", "down-for-hours"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_crash_anywhere_changes_nothing(story: Story, down: float, subtests: pytest.Subtests) -> None:
    whole, play = await _played(story)
    for number, name in enumerate(play.first.names):
        with subtests.test(f"crash {name}"):
            cut, lived = await _played(story, (number, number % 6), down)
            assert lived.lives >= 3, "restarted twice"
            assert cut == whole
