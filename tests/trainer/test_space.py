import json
import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import space
from trainer.contract import Value

ORDER = [(0.01, 0.9), (0.1, 0.5), (0.001, 0.5), (0.01, 0.5), (0.1, 0.9), (0.001, 0.9)]
"""What `test_mixed_order_never_changes` found when this order was introduced."""
GRID = {"axes": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1, 0.05]]]}


def test_last_axis_of_a_grid_moves_fastest() -> None:
    points = [space.point(GRID, index) for index in range(6)]
    assert points[:4] == [
        {"lr": 0.1, "momentum": 0.5},
        {"lr": 0.1, "momentum": 0.1},
        {"lr": 0.1, "momentum": 0.05},
        {"lr": 0.01, "momentum": 0.5},
    ]
    assert len({tuple(point.items()) for point in points}) == 6


@pytest.mark.parametrize("index", [-1, 6])
def test_number_outside_the_grid_raises_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        space.point(GRID, index)


def test_listed_point_is_returned_unchanged() -> None:
    assert space.point({"points": [{"lr": 0.1}, {"lr": 0.3, "m": 1}]}, 1) == {"lr": 0.3, "m": 1}


RANDOM = {
    "seed": 7,
    "ranges": [
        ["lr", {"low": 1e-4, "high": 1.0, "log": True}],
        ["layers", {"low": 1, "high": 4, "int": True}],
        ["optimizer", {"choices": ["sgd", "adam"]}],
        ["dropout", {"low": 0.0, "high": 0.5}],
    ],
}


def test_random_point_depends_only_on_seed_and_number() -> None:
    assert space.point(RANDOM, 5) == space.point(RANDOM, 5)
    assert space.point(RANDOM, 5) != space.point(RANDOM, 6)
    assert space.point(RANDOM, 5) != space.point({**RANDOM, "seed": 8}, 5)


def test_random_points_stay_in_their_ranges() -> None:
    points: list[dict[str, Any]] = [space.point(RANDOM, index) for index in range(300)]
    assert all(1e-4 <= point["lr"] <= 1 and 0 <= point["dropout"] <= 0.5 for point in points)
    assert {point["layers"] for point in points} == {1, 2, 3, 4}
    assert {point["optimizer"] for point in points} == {"sgd", "adam"}
    assert sum(point["lr"] < 1e-2 for point in points) in range(100, 200), "a logarithmic range has half below 1e-2"


def test_unknown_kind_of_space_is_refused() -> None:
    with pytest.raises(ValueError, match=r"it needs axes, mixed, points, ranges or shuffled \(got grid\)"):
        space.point({"grid": []}, 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"low": 1, "high": 5, "int": True}, [1, 2, 3, 4, 5]),
        ({"low": 0.001, "high": 0.1, "count": 3, "log": True}, [0.001, 0.01, 0.1]),
        ({"low": 0.0, "high": 0.9, "count": 10}, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        ({"low": -0.1, "high": 0.2, "count": 4}, [-0.1, 0.0, 0.1, 0.2]),
        ({"low": 0.0, "high": 1.0, "count": 4}, [0.0, 0.333333333333, 0.666666666667, 1.0]),
        ({"low": 1, "high": 10, "count": 4, "int": True}, [1, 4, 7, 10]),
        ({"low": 16, "high": 512, "count": 6, "int": True, "log": True}, [16, 32, 64, 128, 256, 512]),
        ({"choices": ["sgd", "adam"]}, ["sgd", "adam"]),
        ([0.1, 0.01], [0.1, 0.01]),
    ],
)
def test_range_has_clean_values(values: Any, expected: list[Value]) -> None:
    assert space.length(values) == len(expected)
    assert [space.value(values, index) for index in range(len(expected))] == expected


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 50), st.booleans())
def test_values_of_a_range_rise_from_end_to_end(one: float, other: float, count: int, log: bool) -> None:
    low, high = sorted((one, other))
    found = [space.value({"low": low, "high": high, "count": count, "log": log}, index) for index in range(count)]
    assert (found[0], found[-1]) == (low, high)
    assert all(before <= after for before, after in pairwise(found))  # type: ignore[operator]


def test_point_of_a_huge_grid_is_computed_at_once() -> None:
    seeds = {"low": 0, "high": 10**12, "int": True}
    grid = {"axes": [["lr", {"low": 0.0, "high": 1.0, "count": 10**9 + 1}], ["seed", seeds]]}
    assert space.size(grid) == (10**9 + 1) * (10**12 + 1)
    assert space.point(grid, 5 * 10**8 * (10**12 + 1) + 7) == {"lr": 0.5, "seed": 7}
    assert space.number({"numbers": f"3,7-{10**15}"}, 10**12) == 10**12 + 6


def test_random_ranges_with_count_and_logarithmic_integers() -> None:
    ranges = [
        ["lr", {"low": 0.1, "high": 0.3, "count": 3}],
        ["batch", {"low": 1, "high": 100, "int": True, "log": True}],
    ]
    points: list[dict[str, Any]] = [space.point({"ranges": ranges, "seed": 3}, number) for number in range(1_000)]
    assert {point["lr"] for point in points} == {0.1, 0.2, 0.3}
    assert {type(point["batch"]) for point in points} == {int}
    assert {1, 100} <= {point["batch"] for point in points} <= set(range(1, 101))
    assert sum(point["batch"] <= 10 for point in points) in range(450, 650), "half of the scale is below 10"


def test_last_integer_of_a_logarithmic_range_is_not_underdrawn() -> None:
    ranges = [["batch", {"low": 10, "high": 12, "int": True, "log": True}]]
    found = [space.point({"ranges": ranges}, number)["batch"] for number in range(1_000)]
    assert found.count(12) in range(275, 335), "30 of 100; 23 if the range ended at 12 before it is rounded"


def test_size_counts_different_points() -> None:
    assert space.size(GRID) == 6
    assert space.size({"points": [{"lr": 1}]}) == 1
    assert space.size(RANDOM) is None
    assert space.size({"ranges": [["a", {"choices": [1, 2]}], ["b", {"low": 1, "high": 4, "int": True}]]}) == 8


@pytest.mark.parametrize("kind", [GRID, RANDOM, {"points": [{"lr": 0.1 * n} for n in range(6)]}])
def test_point_runs_on_each_fold(kind: dict[str, Any]) -> None:
    for number in range(18):
        expected = space.point(kind, number // 3) | {"folds": 3, "fold": number % 3}
        assert space.point({**kind, "folds": 3}, number) == expected


def test_grid_ends_after_the_last_fold_of_its_last_point() -> None:
    assert space.point({**GRID, "folds": 3}, 17)["fold"] == 2
    with pytest.raises(IndexError):
        space.point({**GRID, "folds": 3}, 18)


def test_continuous_range_in_a_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="lr is a continuous range; in a grid it needs a count"):
        space.point({"axes": [["seed", [1, 2]], ["lr", {"low": 0.0, "high": 1.0}]]}, 0)


def test_number_of_an_array_child_by_its_index() -> None:
    assert [space.number({"numbers": "3,7,9-12"}, index) for index in range(6)] == [3, 7, 9, 10, 11, 12]
    assert space.number({}, 4) == 4
    with pytest.raises(IndexError, match="index 6 is past the end of the numbers 3,7,9-12"):
        space.number({"numbers": "3,7,9-12"}, 6)


def test_consecutive_numbers_are_written_as_ranges() -> None:
    assert space.ranges([12, 3, 9, 7, 10, 11]) == "3,7,9-12"
    assert space.ranges(range(10_000)) == "0-9999"
    assert space.ranges([]) == ""


@given(st.sets(st.integers(0, 200), min_size=1))
def test_written_numbers_are_read_back_in_order(numbers: set[int]) -> None:
    written = json.loads(json.dumps({"numbers": space.ranges(numbers)}))
    assert [space.number(written, index) for index in range(len(numbers))] == sorted(numbers)


def test_shuffled_grid_has_each_point_once_in_an_order_of_its_seed() -> None:
    grid = {"shuffled": [["lr", [0.1, 0.01]], ["seed", {"low": 1, "high": 5, "int": True}]], "seed": 7}
    points = [space.point(grid, index) for index in range(10)]
    assert len({tuple(point.items()) for point in points}) == space.size(grid) == 10
    assert points != [space.point({**grid, "seed": 8}, index) for index in range(10)]
    assert points != sorted(points, key=lambda point: (-float(point["lr"]), point["seed"]))
    with pytest.raises(IndexError):
        space.point(grid, 10)


def test_shuffled_logarithmic_integers_favour_the_small_ones_first() -> None:
    first = [
        space.point({"shuffled": [["width", {"low": 1, "high": 1_000, "int": True, "log": True}]], "seed": seed}, 0)
        for seed in range(100)
    ]
    assert sum(int(point["width"]) <= 31 for point in first) in range(30, 70)


def test_shuffled_folds_share_their_point() -> None:
    grid = {"shuffled": [["lr", [0.1, 0.01]]], "seed": 7, "folds": 2}
    assert space.point(grid, 0)["lr"] == space.point(grid, 1)["lr"] != space.point(grid, 2)["lr"]


def _mixed(*lengths: int, seed: int = 7) -> dict[str, object]:
    return {"mixed": [[f"p{axis}", list(range(count))] for axis, count in enumerate(lengths)], "seed": seed}


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_mixed_grid_has_each_point_once(lengths: list[int], seed: int) -> None:
    grid = _mixed(*lengths, seed=seed)
    points = [tuple(space.point(grid, index).items()) for index in range(math.prod(lengths))]
    assert len(set(points)) == len(points) == space.size(grid)
    assert [name for name, _ in points[0]] == [f"p{axis}" for axis in range(len(lengths))]
    with pytest.raises(IndexError, match="past the end of the grid"):
        space.point(grid, len(points))


@pytest.mark.parametrize("lengths", [(10, 10), (10, 10, 10), (4, 25), (3, 30), (2, 2, 40)])
def test_first_tenth_of_a_mixed_grid_lies_all_over_it(lengths: tuple[int, ...]) -> None:
    """Whatever the seed: each value of each axis comes as often as any other, or once less."""
    for seed in range(200):
        grid = _mixed(*lengths, seed=seed)
        tenth = [space.point(grid, index) for index in range(math.prod(lengths) // 10)]
        for axis, count in enumerate(lengths):
            seen = Counter(point[f"p{axis}"] for point in tenth)
            most, least = -(-len(tenth) // count), len(tenth) // count
            spread = [seen[each] for each in range(count)]
            if len(tenth) <= max(lengths):
                assert (min(spread), max(spread)) == (least, most), (seed, axis)
            else:
                assert min(spread) > 0, (seed, axis)


def test_first_hundred_of_a_thousand_points_have_most_pairs_of_values() -> None:
    """Points at random would have 63 of the 100 pairs of any two axes."""
    for seed in range(50):
        grid = _mixed(10, 10, 10, seed=seed)
        points = [space.point(grid, index) for index in range(100)]
        pairs = [len({(point[a], point[b]) for point in points}) for a, b in (("p0", "p1"), ("p0", "p2"), ("p1", "p2"))]
        assert sorted(pairs)[1:] == [100, 100]
        assert min(pairs) > 45


def test_mixed_order_is_the_seeds_and_neither_sorted_nor_the_same_for_two_seeds() -> None:
    orders = [[space.point(_mixed(6, seed=seed), index)["p0"] for index in range(6)] for seed in range(20)]
    assert len({tuple(order) for order in orders}) > 15
    assert [space.point(_mixed(3, 2, seed=1), index) for index in range(6)] == [
        space.point(_mixed(3, 2, seed=1), index) for index in range(6)
    ]


def test_mixed_order_never_changes() -> None:
    """What a version before has submitted runs on, and is retried, under the numbers that people saw."""
    grid = {"mixed": [["lr", [0.1, 0.01, 0.001]], ["momentum", [0.5, 0.9]]], "seed": 2190837465, "folds": 2}
    points = [space.point(grid, index) for index in range(0, 12, 2)]
    assert [(point["lr"], point["momentum"]) for point in points] == ORDER


def test_mixed_grid_of_the_most_points_is_found_at_once() -> None:
    grid = {"mixed": [["seed", {"low": 1, "high": 100_000, "int": True}]], "seed": 7}
    assert len({space.point(grid, index)["seed"] for index in range(0, 100_000, 10)}) == 10_000
