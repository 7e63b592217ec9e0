"""The bot's view of a space is the trials' own."""

import pytest

from bot.domain.model.plan import Search
from bot.domain.model.space import Axis, Space
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar import parse
from trainer import space as trials_own

LR = Axis("lr", Kind.FLOAT, (0.1, 0.01))
SEED = Axis("seed", Kind.INT, (1, 2, 3))


def test_its_size_is_the_product_and_none_where_any_number_may_come() -> None:
    assert Space((LR, SEED)).size == 6
    assert Space((LR, SEED)).names == ("lr", "seed")
    assert Space((LR, Axis("momentum", Kind.FLOAT, low=0.0, high=0.9))).size is None
    assert Space((Axis("layers", Kind.INT, low=1, high=4),)).size is None


def test_what_varies_and_what_all_points_have_alike() -> None:
    epochs, momentum = Axis("epochs", Kind.INT, (9,)), Axis("momentum", Kind.FLOAT, low=0.0, high=0.9)
    space = Space((LR, epochs, momentum))
    assert (space.varied, space.fixed) == ((LR, momentum), {"epochs": 9})


def test_its_points_are_what_the_trials_find() -> None:
    parameters = (Parameter("lr", Kind.FLOAT), Parameter("seed", Kind.INT))
    for search in Search:
        space = parse("lr=0.1..0.5:5 seed=1..3", parameters, search).space
        assert [space.point(number) for number in range(15)] == [
            trials_own.point(space.encoded, number) for number in range(15)
        ]
    grid = parse("lr=0.1..0.5:5 seed=1..3", parameters, Search.GRID).space
    assert len({tuple(grid.point(number).values()) for number in range(15)}) == 15, "each point of the grid once"
    with pytest.raises(IndexError):
        grid.point(15)
