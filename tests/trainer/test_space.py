import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import space
from trainer.contract import Value

GRID = {"axes": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1, 0.05]]]}


def test_a_grid_counts_with_its_last_axis_first() -> None:
    points = [space.point(GRID, index) for index in range(6)]
    assert points[:4] == [
        {"lr": 0.1, "momentum": 0.5},
        {"lr": 0.1, "momentum": 0.1},
        {"lr": 0.1, "momentum": 0.05},
        {"lr": 0.01, "momentum": 0.5},
    ]
    assert len({tuple(point.items()) for point in points}) == 6


@pytest.mark.parametrize("index", [-1, 6])
def test_beyond_the_grid_there_is_nothing(index: int) -> None:
    with pytest.raises(IndexError):
        space.point(GRID, index)


def test_points_are_taken_as_they_are() -> None:
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


def test_a_random_point_depends_on_seed_and_number_alone() -> None:
    assert space.point(RANDOM, 5) == space.point(RANDOM, 5)
    assert space.point(RANDOM, 5) != space.point(RANDOM, 6)
    assert space.point(RANDOM, 5) != space.point({**RANDOM, "seed": 8}, 5)


def test_random_points_stay_in_their_ranges() -> None:
    points: list[dict[str, Any]] = [space.point(RANDOM, index) for index in range(300)]
    assert all(1e-4 <= point["lr"] <= 1 and 0 <= point["dropout"] <= 0.5 for point in points)
    assert {point["layers"] for point in points} == {1, 2, 3, 4}
    assert {point["optimizer"] for point in points} == {"sgd", "adam"}
    assert sum(point["lr"] < 1e-2 for point in points) in range(100, 200), "a logarithmic range has half below 1e-2"


def test_an_unknown_kind_is_said() -> None:
    with pytest.raises(ValueError, match="given grid, expected axes, points or ranges"):
        space.point({"grid": []}, 0)


@pytest.mark.parametrize(
    ("over", "expected"),
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
def test_a_range_has_clean_values(over: Any, expected: list[Value]) -> None:
    assert space.length(over) == len(expected)
    assert [space.value(over, place) for place in range(len(expected))] == expected


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 50), st.booleans())
def test_the_values_of_a_range_rise_from_end_to_end(one: float, other: float, count: int, log: bool) -> None:
    low, high = sorted((one, other))
    found = [space.value({"low": low, "high": high, "count": count, "log": log}, place) for place in range(count)]
    assert (found[0], found[-1]) == (low, high)
    assert all(before <= after for before, after in pairwise(found))  # type: ignore[operator]


def test_one_point_of_very_many_is_found_at_once() -> None:
    seeds = {"low": 0, "high": 10**12, "int": True}
    grid = {"axes": [["lr", {"low": 0.0, "high": 1.0, "count": 10**9 + 1}], ["seed", seeds]]}
    assert space.size(grid) == (10**9 + 1) * (10**12 + 1)
    assert space.point(grid, 5 * 10**8 * (10**12 + 1) + 7) == {"lr": 0.5, "seed": 7}
    assert space.number({"numbers": f"3,7-{10**15}"}, 10**12) == 10**12 + 6


def test_random_takes_ranges_with_steps_and_whole_numbers_on_a_logarithmic_scale() -> None:
    over = [
        ["lr", {"low": 0.1, "high": 0.3, "count": 3}],
        ["batch", {"low": 1, "high": 100, "int": True, "log": True}],
    ]
    points: list[dict[str, Any]] = [space.point({"ranges": over, "seed": 3}, number) for number in range(1_000)]
    assert {point["lr"] for point in points} == {0.1, 0.2, 0.3}
    assert {type(point["batch"]) for point in points} == {int}
    assert {1, 100} <= {point["batch"] for point in points} <= set(range(1, 101))
    assert sum(point["batch"] <= 10 for point in points) in range(450, 650), "half of the scale is below 10"


def test_the_last_whole_number_is_drawn_as_often_as_the_scale_says() -> None:
    over = [["batch", {"low": 10, "high": 12, "int": True, "log": True}]]
    found = [space.point({"ranges": over}, number)["batch"] for number in range(1_000)]
    assert found.count(12) in range(275, 335), "30 of 100; 23 if the range ended at 12 before it is rounded"


def test_the_size_counts_different_points() -> None:
    assert space.size(GRID) == 6
    assert space.size({"points": [{"lr": 1}]}) == 1
    assert space.size(RANDOM) is None
    assert space.size({"ranges": [["a", {"choices": [1, 2]}], ["b", {"low": 1, "high": 4, "int": True}]]}) == 8


@pytest.mark.parametrize("kind", [GRID, RANDOM, {"points": [{"lr": 0.1 * n} for n in range(6)]}])
def test_with_folds_a_point_runs_on_each_of_them(kind: dict[str, Any]) -> None:
    for number in range(18):
        expected = space.point(kind, number // 3) | {"folds": 3, "fold": number % 3}
        assert space.point({**kind, "folds": 3}, number) == expected


def test_a_grid_ends_after_the_last_fold_of_its_last_point() -> None:
    assert space.point({**GRID, "folds": 3}, 17)["fold"] == 2
    with pytest.raises(IndexError):
        space.point({**GRID, "folds": 3}, 18)


def test_a_grid_over_any_number_of_a_range_is_refused() -> None:
    with pytest.raises(ValueError, match="lr is a range without a count, a grid needs one"):
        space.point({"axes": [["seed", [1, 2]], ["lr", {"low": 0.0, "high": 1.0}]]}, 0)


def test_the_numbers_of_an_array_by_its_index() -> None:
    assert [space.number({"numbers": "3,7,9-12"}, index) for index in range(6)] == [3, 7, 9, 10, 11, 12]
    assert space.number({}, 4) == 4
    with pytest.raises(IndexError, match="index 6 is beyond the numbers 3,7,9-12"):
        space.number({"numbers": "3,7,9-12"}, 6)


def test_numbers_are_written_short() -> None:
    assert space.ranges([12, 3, 9, 7, 10, 11]) == "3,7,9-12"
    assert space.ranges(range(10_000)) == "0-9999"
    assert space.ranges([]) == ""


@given(st.sets(st.integers(0, 200), min_size=1))
def test_numbers_come_back_in_order(numbers: set[int]) -> None:
    written = json.loads(json.dumps({"numbers": space.ranges(numbers)}))
    assert [space.number(written, index) for index in range(len(numbers))] == sorted(numbers)
