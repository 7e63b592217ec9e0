"""Random lives of jobs: no machine beyond what was allowed, nothing orphaned, no cap passed; not so without a guard.

`python -m tests.faults.lives` plays 10,000 of them.
"""

from contextlib import closing

import pytest

from tests.faults.lives.played import Played, in_all, play_many, told
from tests.faults.lives.switches import Guard
from tests.faults.lives.world import World

SEED = 1
ALL = 10_000
WITHOUT = 2_000
"""By then each guard has been missed."""


def _nothing_found(played: Played) -> None:
    assert not any(played.verdict.numbers), "\n".join(played.verdict.why)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_in_fifty_lives_nothing_is_found() -> None:
    played = Played()
    for number in range(2):
        played.add(told(World(SEED, number)))
    _nothing_found(played)
    assert played.accepted > 20
    assert played.machine_seconds > 3_600


def test_a_seed_and_a_number_play_the_same_world_again() -> None:
    first, second = World(SEED, 5, lives=6), World(SEED, 5, lives=6)
    assert told(first) == told(second)
    assert first.story == second.story
    assert _told(first) == _told(second)


def _told(world: World) -> list[str]:
    """What the engine did. Keys of jobs are random."""
    return [f"{job.id} {job.state} {job.attempts} {job.asked_to_end}" for job in world.engine.jobs.values()]


@pytest.mark.exhaustive
@pytest.mark.timeout(3_600)
def test_in_ten_thousand_lives_nothing_is_found() -> None:
    _nothing_found(in_all(SEED, ALL, None, processes=2))


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("guard", Guard)
def test_without_a_guard_something_is_found(guard: Guard) -> None:
    worlds = play_many(SEED, WITHOUT, guard, processes=2)
    with closing(worlds):
        assert any(any(each.verdict.numbers) for each in worlds), f"nobody misses {guard}"
