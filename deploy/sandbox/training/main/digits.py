"""scikit-learn's digits: 1,797 grey pictures of 8x8."""

from collections.abc import Iterator

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.utils.data import TensorDataset


def load(seed: int) -> tuple[TensorDataset, TensorDataset]:
    """Load four fifths for training and the rest for validation. The same seed gives the same split."""
    pictures, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    pictures = torch.tensor(pictures, dtype=torch.float32).reshape(-1, 1, 8, 8)[order] / 8 - 1
    labels = torch.tensor(labels)[order]
    cut = len(labels) * 4 // 5
    return TensorDataset(pictures[:cut], labels[:cut]), TensorDataset(pictures[cut:], labels[cut:])


def batches(digits: TensorDataset, size: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield all digits once, in a different order each epoch."""
    pictures, labels = digits.tensors
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(epoch))
    for chosen in order.split(size):
        yield pictures[chosen], labels[chosen]
