from typing import Any

import pytest

from trainer import space

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
