"""Which metric decides, and which way is better."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Goal:
    """`metric` as its column in `metrics.csv` is called; with `maximize`, more is better."""

    metric: str
    maximize: bool = True

    @property
    def sign(self) -> float:
        """Multiply by this, and more is better."""
        return 1.0 if self.maximize else -1.0

    def better(self, value: float, than: float | None) -> bool:
        """True if `value` beats the other one, or if there is no other one."""
        return than is None or (value > than if self.maximize else value < than)

    def best(self, items: Iterable[Item], value: Callable[[Item], float]) -> Item | None:
        """The item with the best value, the first of equals; None without items."""
        return (max if self.maximize else min)(items, key=value, default=None)
