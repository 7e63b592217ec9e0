"""The digits that scikit-learn brings along: 1,797 pictures, 8x8, grey."""

from collections.abc import Iterator

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.utils.data import TensorDataset


def load(seed: int) -> tuple[TensorDataset, TensorDataset]:
    """Four fifths to learn from, the rest to validate on; the same split for the same seed."""
    pictures, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    pictures = torch.tensor(pictures, dtype=torch.float32).reshape(-1, 1, 8, 8)[order] / 8 - 1
    labels = torch.tensor(labels)[order]
    cut = len(labels) * 4 // 5
    return TensorDataset(pictures[:cut], labels[:cut]), TensorDataset(pictures[cut:], labels[cut:])


def batches(digits: TensorDataset, size: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """All digits once, in another order in each epoch."""
    pictures, labels = digits.tensors
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(epoch))
    for chosen in order.split(size):
        yield pictures[chosen], labels[chosen]
