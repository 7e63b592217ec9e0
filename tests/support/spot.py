"""Spot prices for the chat, from memory."""

from dataclasses import dataclass, field

from bot.chat.catalogue.spot_samples import SPOT
from bot.domain.access import Person
from bot.services.money.spot_prices import SpotAnswer


@dataclass
class FakeSpotPrices:
    """Answers each question with `answer`, or raises `error`, and remembers what was asked."""

    answer: SpotAnswer = SPOT
    error: Exception | None = None
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    async def history(self, person: Person, machine: str, regions: str = "", hours: int = 24) -> SpotAnswer:
        self.asked.append((machine, regions.strip(), hours))
        if self.error is not None:
            raise self.error
        return self.answer

    async def suggested_types(self, text: str, person: Person) -> list[str]:
        return [name for name in ("g4dn.xlarge", "g5.xlarge") if text in name]

    def suggested_regions(self, text: str) -> list[tuple[str, str]]:
        return [("us: us-east-1, us-west-2", "us")]
