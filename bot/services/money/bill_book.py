"""What AWS has billed, read once a day and kept in a file: each request costs money, and bills are a day behind."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.domain.clock import passed
from bot.errors import Denied, ServiceError
from bot.ports.bills import Bills

log = structlog.get_logger()

BILLS_FILE = "bills.json"
DAY_SECONDS = 86_400.0
PASS_SECONDS = 3_600.0
READ_DAYS = 35
"""The bill of a month may change until it is final: the last days are read anew."""
KEPT_DAYS = 400
SETTLED_DAYS = 1
"""Of the newest days, which may lack something: "Cost Explorer refreshes your cost data at least once every 24 hours"
(https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html)."""
ADVICE = (
    "Allow the bot's role ce:GetCostAndUsage on * (with prices.cost_explorer in the config, `make deploy` does), or "
    "set it to false. docs/money.md has more."
)


@dataclass(frozen=True, slots=True)
class KnownBill:
    """`usd` by day of UTC. `asked_at` is when it was asked for last, in seconds since the epoch; None before. `trouble`
    says why there was no answer, empty if there was; `denied` that it is for lack of a permission."""

    asked_at: float | None = None
    usd: Mapping[dt.date, float] = field(default_factory=dict)
    trouble: str = ""
    denied: bool = False


class BillBook:
    """`once` asks where a day has passed since the last request, whatever that came to. `now` is in seconds since the
    epoch."""

    def __init__(self, bills: Bills, path: Path, now: Callable[[], float]) -> None:
        self._bills, self._path, self._now = bills, path, now
        self._known = read_bills(path)

    def days(self) -> Mapping[dt.date, float]:
        return self._known.usd

    async def once(self) -> None:
        known, now = self._known, self._now()
        if known.asked_at is not None and not passed(known.asked_at, DAY_SECONDS, now):
            return
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        until = today - dt.timedelta(days=SETTLED_DAYS)
        # In the file before the request: a bot that is killed again and again asks no more often.
        await self._keep(KnownBill(now, known.usd, known.trouble, known.denied))
        try:
            found = await self._bills.days(until - dt.timedelta(days=READ_DAYS), until)
        except ServiceError as error:
            denied = isinstance(error, Denied)
            if str(error) != known.trouble:
                log.warning("the bill can't be read", error=str(error), advice=ADVICE if denied else "")
            await self._keep(KnownBill(now, known.usd, str(error), denied))
            return
        oldest = today - dt.timedelta(days=KEPT_DAYS)
        usd = {day: each for day, each in {**known.usd, **found}.items() if day >= oldest}
        await self._keep(KnownBill(now, usd))

    async def _keep(self, known: KnownBill) -> None:
        self._known = known
        await asyncio.to_thread(_write, self._path, known)


def read_bills(path: Path) -> KnownBill:
    """A damaged file counts as none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        usd = {dt.date.fromisoformat(day): float(each) for day, each in found["usd"].items()}
        return KnownBill(float(found["asked_at"]), usd, str(found["trouble"]), bool(found["denied"]))
    except FileNotFoundError:
        return KnownBill()
    except (OSError, ValueError, AttributeError, LookupError, TypeError, RecursionError) as error:
        log.warning("the file of bills can't be read", path=str(path), error=str(error))
        return KnownBill()


def _write(path: Path, known: KnownBill) -> None:
    """Replace it as a whole. Logs a failure: what was read is in memory all the same."""
    usd = {day.isoformat(): each for day, each in sorted(known.usd.items())}
    fields = {"asked_at": known.asked_at, "trouble": known.trouble, "denied": known.denied, "usd": usd}
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(json.dumps(fields, indent=1), encoding="utf-8")
        new.replace(path)
    except OSError as error:
        log.warning("the file of bills can't be written", path=str(path), error=str(error))
