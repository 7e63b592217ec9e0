"""The prices that were read, in a file beside the store: after a restart they are there at once, with their age."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.domain.money.rates import checked_usd

log = structlog.get_logger()

PRICES_FILE = "prices.json"


@dataclass(frozen=True, slots=True)
class Known:
    """Prices by type, as they were read at that moment. Empty: there are none."""

    at: float
    usd: Mapping[str, float]


class PriceFile:
    """`prices.json` in the bot's data folder. A damaged file counts as none: all prices can be read again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Known]:
        """By what was asked for. Only prices that can be."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(key): _known(value) for key, value in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
            log.warning("the file of prices can't be read", path=str(self._path), error=str(error))
            return {}

    def newest(self) -> float | None:
        """When prices were read last, in seconds since the epoch; None if there are none."""
        return max((each.at for each in self.read().values()), default=None)

    def write(self, known: Mapping[str, Known]) -> None:
        """Replace it as a whole. Logs a failure: the prices are in memory all the same."""
        text = json.dumps({key: [each.at, dict(each.usd)] for key, each in known.items()}, indent=1, sort_keys=True)
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)
        except OSError as error:
            log.warning("the file of prices can't be written", path=str(self._path), error=str(error))


def _known(value: tuple[float, Mapping[str, float]]) -> Known:
    at, usd = value
    return Known(float(at), {str(name): checked_usd(float(each)) for name, each in usd.items()})
