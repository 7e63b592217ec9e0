"""The bot is cut at every gate of every story, restarted, cut again, restarted: the outside must not be able to tell.

`python -m pytest tests/faults/test_crash_points.py -v` names every point.
"""

import pytest

from tests.faults.stories import STORIES, Story, each_of, played
from tests.faults.world import LONG, SHORT

pytestmark = pytest.mark.timeout(600)  # each is hundreds of lives


@pytest.mark.parametrize("down", [SHORT, LONG], ids=["up-at-once", "down-for-hours"])
@pytest.mark.parametrize("story", each_of(STORIES))
async def test_a_crash_anywhere_changes_nothing(story: Story, down: float, subtests: pytest.Subtests) -> None:
    whole, play = await played(story)
    for number, name in enumerate(play.first.names):
        with subtests.test(f"crash {name}"):
            cut, lived = await played(story, cuts=(number, number % 6), down=down)
            assert lived.lives >= 3, "restarted twice"
            assert cut == whole
            assert lived.audit == play.audit, "each effect has its entry, and none without its effect"
