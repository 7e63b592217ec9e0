"""The short share of `python -m bench.interrupted`, and its judgement."""

import io
from dataclasses import replace

import pytest
import torch

from bench.interrupted.__main__ import EPOCHS, Kind, Outcome, Row, moments, rows


def _weights(value: float) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.tensor([1.0, value])}, buffer)
    return buffer.getvalue()


WHOLE = Outcome(b"epoch\n1\n2\n3\n", _weights(0.0), ((1, 2, 3),), reads=9, torn=())


def test_moments_are_spread_over_the_whole_time_and_all_kinds_are_among_them() -> None:
    drawn = moments(20, seed=1)
    assert [int(each.share * 20) for each in drawn] == list(range(20))
    assert {kind: [each.kind for each in drawn].count(kind) for kind in Kind} == dict.fromkeys(Kind, 5)
    assert drawn == moments(20, seed=1) != moments(20, seed=2)


def test_equal_is_equal_in_every_bit() -> None:
    assert WHOLE.equals(replace(WHOLE, weights=_weights(0.0)))
    assert not WHOLE.equals(replace(WHOLE, weights=_weights(-0.0)))
    assert not WHOLE.equals(replace(WHOLE, metrics=WHOLE.metrics + b"4\n"))


@pytest.mark.parametrize(
    ("outcome", "equal", "good"),
    [
        (replace(WHOLE, told=((1, 2), (2, 3))), True, True),
        (replace(WHOLE, told=((1, 2), (1, 2, 3))), True, False),
        (replace(WHOLE, torn=("model.pt: EOFError",)), True, False),
        (WHOLE, False, False),
    ],
    ids=["one epoch repeated", "two repeated", "torn", "unequal"],
)
def test_what_is_good(outcome: Outcome, equal: bool, good: bool) -> None:
    assert Row(1.0, Kind.SIGTERM, outcome, equal).good == good


@pytest.mark.slow
async def test_an_interrupted_reference_training_ends_as_an_uninterrupted_one() -> None:
    seen = [row async for row in rows(3, seed=1)]
    assert {row.kind for row in seen} == {Kind.SIGTERM, Kind.SIGKILL, Kind.RECLAIM}
    for row in seen:
        assert row.good, row.line()
        assert set().union(*row.outcome.told) == set(range(1, EPOCHS + 1)), row.line()
        assert len(row.outcome.told) == 2
        assert row.outcome.reads > EPOCHS
