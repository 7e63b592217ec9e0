"""Three convolutions, each twice as wide as the one before, then a linear layer for the ten digits."""

from torch import Tensor, nn


class Digits(nn.Module):
    def __init__(self, channels: list[int]) -> None:
        super().__init__()
        first, second, third = channels
        self.features = nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(second, third, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(third * 2 * 2, 10))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))


def build(channels: list[int]) -> Digits:
    return Digits(channels)
