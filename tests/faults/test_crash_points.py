"""The bot is cut at gates of every story, restarted, cut again, restarted: the outside must not be able to tell.

`python -m pytest tests/faults/test_crash_points.py -v` names every point. `make test` cuts at one gate of each kind,
`make test-thorough` at all of them.
"""

from collections.abc import Iterable

import pytest

from tests.faults.stories import STORIES, Story, failure, named, one_of_each, played, success, swept
from tests.faults.world import LONG, SHORT

pytestmark = pytest.mark.timeout(600)  # each is up to hundreds of lives

DOWN = {SHORT: "up-at-once", LONG: "down-for-hours"}
QUICK = pytest.param(failure, SHORT, id=f"failure-{DOWN[SHORT]}")
"""The one that also runs in `make check`."""
SOME = [
    QUICK,
    *(
        pytest.param(story, down, id=f"{named(story)}-{words}", marks=pytest.mark.slow)
        for down, words in DOWN.items()
        for story in (STORIES if down == SHORT else (success, swept))
        if story is not failure
    ),
]


@pytest.mark.parametrize(("story", "down"), SOME)
async def test_a_crash_at_one_gate_of_each_kind_changes_nothing(
    story: Story, down: float, subtests: pytest.Subtests
) -> None:
    _, play = await played(story)
    await _cut(story, down, one_of_each(play.first.names), subtests)


@pytest.mark.exhaustive
@pytest.mark.parametrize("down", DOWN, ids=DOWN.values())
@pytest.mark.parametrize("story", STORIES, ids=named)
async def test_a_crash_anywhere_changes_nothing(story: Story, down: float, subtests: pytest.Subtests) -> None:
    _, play = await played(story)
    await _cut(story, down, enumerate(play.first.names), subtests)


async def _cut(story: Story, down: float, gates: Iterable[tuple[int, str]], subtests: pytest.Subtests) -> None:
    whole, play = await played(story)
    for number, name in gates:
        with subtests.test(f"crash {name}"):
            cut, lived = await played(story, cuts=(number, number % 6), down=down)
            assert lived.lives >= 3, "restarted twice"
            assert cut == whole
            assert lived.audit == play.audit, "each effect has its entry, and none without its effect"
