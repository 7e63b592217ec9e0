"""What a file that keeps growing costs: PUTs by the logarithm of its age, bytes by its final size."""

import math

import pytest

from trainer.storage.growing_pause import AGE_SHARE, BYTES_PER_SECOND, SMALL_SECONDS, growing_pause

HOUR = 3_600


def sent(seconds: int, bytes_a_second: int) -> tuple[int, int, float]:
    """PUTs and bytes for a file that grows evenly, and the longest pause."""
    puts = total = 0
    due = longest = 0.0
    for second in range(seconds):
        if second >= due:
            size = bytes_a_second * (second + 1)
            puts, total = puts + 1, total + size
            pause = growing_pause(second, size)
            due, longest = second + pause, max(longest, pause)
    return puts, total, longest


def test_a_new_file_is_stored_at_once_and_again_within_a_second() -> None:
    assert growing_pause(0, 10**9) == 0
    assert all(growing_pause(age, 100) <= 1 for age in range(AGE_SHARE))


@pytest.mark.parametrize("hours", [2, 24])
@pytest.mark.parametrize("bytes_a_second", [1_000, 20_000, 1_000_000])
def test_bytes_are_in_proportion_to_the_final_size(hours: int, bytes_a_second: int) -> None:
    seconds = hours * HOUR
    puts, total, _ = sent(seconds, bytes_a_second)
    final = seconds * bytes_a_second
    assert total <= (AGE_SHARE + 2) * final + BYTES_PER_SECOND * seconds
    if bytes_a_second > BYTES_PER_SECOND:
        assert puts <= AGE_SHARE * (2 + math.log(seconds / AGE_SHARE))


def test_a_small_file_never_waits_long() -> None:
    puts, total, longest = sent(24 * HOUR, 1)
    assert longest == SMALL_SECONDS
    assert puts <= 24 * HOUR / SMALL_SECONDS + AGE_SHARE * (2 + math.log(HOUR / AGE_SHARE))
    assert total <= BYTES_PER_SECOND * 24 * HOUR
