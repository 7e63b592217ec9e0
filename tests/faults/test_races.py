"""The services run side by side: at a gate one of them is overtaken by all others, or by a click on Stop.

`make test` does so at one gate of each kind, `make test-thorough` at all of them.
"""

from collections.abc import Iterable

import pytest

from bot.domain.posts import PostKind
from tests.faults.stories import (
    STORIES,
    Story,
    clicked_upon,
    doubled,
    failure,
    named,
    one_of_each,
    played,
    stopped_early,
    success,
    swept,
)

pytestmark = pytest.mark.timeout(600)  # each is up to hundreds of lives

# Where a click and the submission run against each other either may win: that is the other test's.
ORDERED = tuple(story for story in STORIES if story is not stopped_early)
SOME = [failure, *(pytest.param(story, marks=pytest.mark.slow) for story in (success, swept))]
# Which of two doubles is kept depends on the moment: one gate of each kind would not show it.
ALL = [pytest.param(each, marks=pytest.mark.slow if each is doubled else pytest.mark.exhaustive) for each in ORDERED]


@pytest.mark.parametrize("story", SOME, ids=named)
async def test_a_service_that_is_overtaken_at_one_gate_of_each_kind_changes_nothing(
    story: Story, subtests: pytest.Subtests
) -> None:
    _, play = await played(story)
    await _overtaken(story, one_of_each(play.first.names), subtests)


@pytest.mark.parametrize("story", ALL, ids=named)
async def test_a_service_that_is_overtaken_anywhere_changes_nothing(story: Story, subtests: pytest.Subtests) -> None:
    _, play = await played(story)
    await _overtaken(story, enumerate(play.first.names), subtests)


async def _overtaken(story: Story, gates: Iterable[tuple[int, str]], subtests: pytest.Subtests) -> None:
    whole, _ = await played(story)
    for number, name in gates:
        with subtests.test(f"overtaken {name}"):
            overtaken, _ = await played(story, overtaken_at=number)
            assert overtaken == whole


@pytest.mark.slow
async def test_a_click_on_stop_at_one_gate_of_each_kind_ends_the_job_once(subtests: pytest.Subtests) -> None:
    _, play = await played(clicked_upon)
    await _clicked(one_of_each(play.first.names), subtests)


@pytest.mark.exhaustive
async def test_a_click_on_stop_at_any_moment_ends_the_job_once(subtests: pytest.Subtests) -> None:
    _, play = await played(clicked_upon)
    await _clicked(enumerate(play.first.names), subtests)


async def _clicked(gates: Iterable[tuple[int, str]], subtests: pytest.Subtests) -> None:
    for number, name in gates:
        with subtests.test(f"click {name}"):
            stopped, _ = await played(clicked_upon, overtaken_at=number, clicked="job9")
            assert not stopped.live
            assert len(stopped.submissions) == (0 if "before it was submitted" in stopped.card.detail else 1)
            assert [kind for kind, *_ in stopped.channel] == [PostKind.CARD, PostKind.END]
            assert stopped.card.state.terminal
