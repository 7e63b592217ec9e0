"""Which objects in S3 count as incomplete."""

import io

import pytest
import torch

from bench.interrupted.torn_reads import problem_of

TABLE = b"epoch,train_loss\n1,0.5\n2,0.25\n"


def _weights() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(1000.0)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "body"), [("metrics.csv", TABLE), ("model.pt", _weights()), ("claim.json", b'{"token": "a"}')]
)
def test_a_complete_object_passes_and_half_of_it_does_not(name: str, body: bytes) -> None:
    assert not problem_of(name, body)
    assert problem_of(name, body[: len(body) // 2])


@pytest.mark.parametrize(
    "body",
    [TABLE[:-1], TABLE + b"3\n", TABLE + b"2,0.25\n", TABLE + b"4,0.1\n", TABLE + b"3,\n"],
    ids=["no newline at the end", "half a row", "an epoch twice", "a missing epoch", "an empty cell"],
)
def test_a_table_without_each_epoch_once_is_incomplete(body: bytes) -> None:
    assert problem_of("metrics.csv", body)
