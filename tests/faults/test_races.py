"""The services run side by side: at every gate one of them is overtaken by all others, or by a click on Stop."""

import pytest

from bot.domain.posts import PostKind
from tests.faults.stories import STORIES, Story, clicked_upon, each_of, played, stopped_early

pytestmark = pytest.mark.timeout(600)  # each is hundreds of lives

# Where a click and the submission run against each other either may win: that is the other test's.
ORDERED = tuple(story for story in STORIES if story is not stopped_early)


@pytest.mark.parametrize("story", each_of(ORDERED))
async def test_a_service_that_is_overtaken_anywhere_changes_nothing(story: Story, subtests: pytest.Subtests) -> None:
    whole, play = await played(story)
    for number, name in enumerate(play.first.names):
        with subtests.test(f"overtaken {name}"):
            overtaken, _ = await played(story, overtaken_at=number)
            assert overtaken == whole


@pytest.mark.exhaustive
async def test_a_click_on_stop_at_any_moment_ends_the_job_once(subtests: pytest.Subtests) -> None:
    _, play = await played(clicked_upon)
    for number, name in enumerate(play.first.names):
        with subtests.test(f"click {name}"):
            stopped, _ = await played(clicked_upon, overtaken_at=number, clicked="job9")
            assert not stopped.live
            assert len(stopped.submissions) == (0 if "before it was submitted" in stopped.card.detail else 1)
            assert [kind for kind, *_ in stopped.channel] == [PostKind.CARD, PostKind.END]
            assert stopped.card.state.terminal
