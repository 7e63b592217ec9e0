"""A short form of `python -m bench.interrupted`, and what it lets pass."""

import io
from dataclasses import replace

import pytest
import torch

from bench.interrupted.__main__ import Interruption, interruptions
from bench.interrupted.experiment import EPOCHS, Interrupt, TrainingResult, moments


def _weights(value: float) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.tensor([1.0, value])}, buffer)
    return buffer.getvalue()


UNINTERRUPTED = TrainingResult(b"epoch\n1\n2\n3\n", _weights(0.0), ((1, 2, 3),), reads=9, torn=())


def test_moments_cover_the_run_and_every_kind() -> None:
    drawn = moments(20, seed=1)
    assert [int(each.share * 20) for each in drawn] == list(range(20))
    assert {kind: [each.kind for each in drawn].count(kind) for kind in Interrupt} == dict.fromkeys(Interrupt, 5)
    assert drawn == moments(20, seed=1) != moments(20, seed=2)


def test_results_are_compared_bit_by_bit() -> None:
    assert UNINTERRUPTED.equals(replace(UNINTERRUPTED, weights=_weights(0.0)))
    assert not UNINTERRUPTED.equals(replace(UNINTERRUPTED, weights=_weights(-0.0)))
    assert not UNINTERRUPTED.equals(replace(UNINTERRUPTED, metrics=UNINTERRUPTED.metrics + b"4\n"))


@pytest.mark.parametrize(
    ("result", "equal", "passed"),
    [
        (replace(UNINTERRUPTED, reported=((1, 2), (2, 3))), True, True),
        (replace(UNINTERRUPTED, reported=((1, 2), (1, 2, 3))), True, False),
        (replace(UNINTERRUPTED, torn=("model.pt: EOFError",)), True, False),
        (UNINTERRUPTED, False, False),
    ],
    ids=["one epoch repeated", "two repeated", "torn", "unequal"],
)
def test_what_passes(result: TrainingResult, equal: bool, passed: bool) -> None:
    assert Interruption(1.0, Interrupt.SIGTERM, result, equal).passed == passed


@pytest.mark.slow
@pytest.mark.exhaustive
async def test_interrupted_training_ends_as_an_uninterrupted_one() -> None:
    found = [each async for each in interruptions(3, seed=1)]
    assert {each.kind for each in found} == {Interrupt.SIGTERM, Interrupt.SIGKILL, Interrupt.RECLAIM}
    for each in found:
        assert each.passed, each.line()
        assert set().union(*each.result.reported) == set(range(1, EPOCHS + 1)), each.line()
        assert len(each.result.reported) == 2
        assert each.result.reads > EPOCHS
