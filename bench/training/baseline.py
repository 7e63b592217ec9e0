"""The baseline: the common published training loop for MNIST, which many teams start from.

Its parts are the published ones: a loader of single pictures, log-softmax and NLL, torch's plain SGD, and a loss
that is read at each step. The reference training (`trainer/mnist.py`) is compared with it.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, optim
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from trainer.mnist import SPLIT_SEED, Net

LR, MOMENTUM = 0.1, 0.5
MEAN, DEVIATION = 0.1307, 0.3081
"""MNIST's, by which pixels are normalized."""


class SinglePictures(Dataset[tuple[Tensor, int]]):
    """Pictures as torchvision loads them: one at a time from PIL to a normalized tensor."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self._pixels, self._labels = pixels, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self._pixels[index])
        tensor = torch.from_numpy(np.array(image, copy=True)).unsqueeze(0).float().div(255)
        return tensor.sub_(MEAN).div_(DEVIATION), int(self._labels[index])


class BaselineNet(Net):
    """The reference training's layers, in the published order."""

    def forward(self, pixels: Tensor) -> Tensor:
        """Return log-probabilities, n x 10."""
        hidden = functional.relu(self.second(functional.relu(self.first(pixels))))
        hidden = functional.dropout(functional.max_pool2d(hidden, 2), 0.25, self.training)
        hidden = functional.relu(self.third(hidden.flatten(1)))
        return functional.log_softmax(self.last(functional.dropout(hidden, 0.5, self.training)), dim=1)


class Baseline:
    """The published loop on bytes of n x 28 x 28, of which it trains on four fifths."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, seed: int) -> None:
        torch.manual_seed(seed)
        cut = len(labels) * 4 // 5
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(SPLIT_SEED)).numpy()
        training = SinglePictures(pixels[order[:cut]], labels[order[:cut]])
        self._training = DataLoader(training, batch_size=64, shuffle=True)
        self._validation = DataLoader(SinglePictures(pixels[order[cut:]], labels[order[cut:]]), batch_size=1000)
        self._net = BaselineNet(28)
        self._optimizer = optim.SGD(self._net.parameters(), lr=LR, momentum=MOMENTUM)

    def epoch(self, _number: int) -> float:
        """Train for one epoch; return the validation accuracy in %."""
        self._net.train()
        total = 0.0
        for pixels, labels in self._training:
            self._optimizer.zero_grad()
            loss = functional.nll_loss(self._net(pixels), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            total += loss.item()
        return self._validate()

    @torch.no_grad()
    def _validate(self) -> float:
        self._net.eval()
        right, seen, loss = 0, 0, 0.0
        for pixels, labels in self._validation:
            scores = self._net(pixels)
            loss += functional.nll_loss(scores, labels, reduction="sum").item()
            right += int((scores.argmax(1) == labels).sum().item())
            seen += len(labels)
        return 100 * right / seen
