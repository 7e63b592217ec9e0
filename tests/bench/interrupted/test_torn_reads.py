"""What counts as torn in S3."""

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
def test_a_whole_object_is_whole_and_its_half_is_not(name: str, body: bytes) -> None:
    assert not problem_of(name, body)
    assert problem_of(name, body[: len(body) // 2])


@pytest.mark.parametrize(
    "body",
    [TABLE[:-1], TABLE + b"3\n", TABLE + b"2,0.25\n", TABLE + b"4,0.1\n", TABLE + b"3,\n"],
    ids=["no end of line", "half a row", "an epoch twice", "an epoch left out", "no number"],
)
def test_a_table_has_every_epoch_once_with_all_its_numbers(body: bytes) -> None:
    assert problem_of("metrics.csv", body)
