"""How far are the bot's sums from the bill? Lives of jobs are simulated, with their machines, and billed by the second.

The bill knows what the bot does not: which type in which zone the machine came from, how its spot price moved, how long
it booted, pulled and idled, and when it was reclaimed. The bot has its quotes, the times of earlier jobs, and those of
the attempts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import median

from bench.report.figures import Benchmark, Figure, Result, percentile
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.request import Request
from bot.domain.model.run import Commit, Run
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Quote, Terms
from bot.domain.spending.costs import spent

HOUR = 3_600.0
LIMIT_SECONDS = 8 * HOUR
ATTEMPTS = 3
ON_DEMAND = {"g4dn.xlarge": 0.526, "g6.xlarge": 0.8048, "g5.xlarge": 1.006}
SHARES = {"g4dn.xlarge": 0.38, "g6.xlarge": 0.42, "g5.xlarge": 0.45}
"""Of spot, on average."""
CHEAPEST_SHARE = 0.85
"""How many machines are of the type whose price is lowest; the others are what AWS had."""
ZONE_SPREAD, DRIFT = 0.06, 0.04
"""Of a zone's price around the region's, and of a price around itself from one four hours to the next."""
RECLAIMS_PER_HOUR = 0.03
"""AWS's lowest class is "less than 5 %" of machines a month: https://aws.amazon.com/ec2/spot/instance-advisor/. This is
far more, so that attempts are lost at all."""
RUN_SPREAD = 0.06
"""Of the time of one job around that of the jobs like it."""
CHECKPOINT_SECONDS = 120.0
BESIDE_USD = 60 * 0.08 / 730 + 0.005
"""Disk and address, an hour."""


@dataclass(frozen=True, slots=True)
class Life:
    """A job with its quote, and what it has really cost."""

    job: Job
    quote: Quote
    bill_usd: float
    interrupted: bool


@dataclass(frozen=True, slots=True)
class _Machine:
    usd_per_hour: Sequence[float]
    """In each four hours of its life."""
    start_seconds: float
    idle_seconds: float

    def bill(self, job_seconds: float, *, reclaimed: bool) -> float:
        left = self.start_seconds + job_seconds + (0.0 if reclaimed else self.idle_seconds)
        total = 0.0
        for usd in self.usd_per_hour:
            part = min(left, 4 * HOUR)
            total += part * (usd + BESIDE_USD) / HOUR
            left -= part
        return total


async def run(*, small: bool) -> Result:
    lives = list(simulated(200 if small else 10_000, seed=14))
    before = [_error(life.quote.usd_expected or 0.0, life.bill_usd) for life in lives]
    whole = [_error(life.quote.usd_expected or 0.0, life.bill_usd) for life in lives if not life.interrupted]
    after = [_error(spent(life.job).usd(life.quote), life.bill_usd) for life in lives]
    above = sum(life.bill_usd > life.quote.usd_most for life in lives)
    lost = sum(life.interrupted for life in lives)
    return Result(
        [
            Figure("before: error of the expected sum, median", 100 * median(before), "%", at_most=10),
            Figure("before: the same, 95th percentile", 100 * percentile(before, 95), "%"),
            Figure("before: 95th percentile of those never interrupted", 100 * percentile(whole, 95), "%"),
            Figure("after: error of the cost, median", 100 * median(after), "%", at_most=10),
            Figure("after: the same, 95th percentile", 100 * percentile(after, 95), "%"),
            Figure("bills above the sum called at most", above, "", at_most=0),
        ],
        [f"{len(lives):,} jobs of 10 minutes to 6 hours, {lost:,} of them interrupted; seed 14."],
    )


def simulated(count: int, seed: int) -> Iterator[Life]:
    """The same lives for the same seed."""
    random = Random(seed)
    for number in range(count):
        usual = 600.0 * 36.0 ** random.random()
        prices = {name: usd * SHARES[name] * random.uniform(0.85, 1.15) for name, usd in ON_DEMAND.items()}
        earlier = [usual * random.gauss(1, RUN_SPREAD) for _ in range(10)]
        quote = _quote(prices, median(earlier))
        yield _life(random, number, prices, usual * max(0.5, random.gauss(1, RUN_SPREAD)), quote)


def _quote(prices: Mapping[str, float], expected_seconds: float) -> Quote:
    """As `bot/services/money/quotes.py` makes it of these prices."""
    dearest, usual = max(ON_DEMAND, key=ON_DEMAND.__getitem__), min(prices, key=prices.__getitem__)
    settings = PriceSettings()
    return Quote(
        ON_DEMAND[dearest] + BESIDE_USD,
        LIMIT_SECONDS,
        Terms.SPOT,
        dearest,
        usual_usd_per_hour=prices[usual] + BESIDE_USD,
        usual_machine=usual,
        attempts=ATTEMPTS,
        billed_seconds=settings.start_seconds + settings.idle_seconds,
        expected_seconds=expected_seconds,
    )


def _life(random: Random, number: int, prices: Mapping[str, float], seconds: float, quote: Quote) -> Life:
    """Attempts until it has ended; each goes on from the last checkpoint."""
    now, left, bill, attempts = 1_000.0, seconds, 0.0, list[Attempt]()
    while left > 0 and len(attempts) < ATTEMPTS:
        machine = _machine(random, prices)
        until_reclaim = random.expovariate(RECLAIMS_PER_HOUR / HOUR)
        reclaimed = until_reclaim < left
        took = min(until_reclaim, left)
        bill += machine.bill(took, reclaimed=reclaimed)
        now += machine.start_seconds
        attempts.append(Attempt(f"s{len(attempts)}", now, now + took, None if reclaimed else 0))
        now += took + random.uniform(0, 600)
        left -= max(0.0, took - random.uniform(0, CHECKPOINT_SECONDS)) if reclaimed else took
    lost = left > 0
    run = Run("bench", Commit("0" * 40, "main"), {}, round(LIMIT_SECONDS), quote=quote)
    job = Job(f"life{number}", Request(1, "bench", 1, number, 0.0), run)
    execution = replace(
        job.execution,
        state=JobState.FAILED if lost else JobState.SUCCEEDED,
        reason=EndReason.HOST_LOST if lost else EndReason.SUCCEEDED,
        attempts=tuple(attempts),
        ended_at=attempts[-1].stopped_at,
    )
    return Life(replace(job, execution=execution), quote, bill, len(attempts) > 1 or lost)


def _machine(random: Random, prices: Mapping[str, float]) -> _Machine:
    cheapest = min(prices, key=prices.__getitem__)
    name = cheapest if random.random() < CHEAPEST_SHARE else random.choice(sorted(prices))
    usd = prices[name] * random.gauss(1, ZONE_SPREAD)
    path = []
    for _ in range(4):
        usd = min(ON_DEMAND[name], max(0.1 * ON_DEMAND[name], usd * random.gauss(1, DRIFT)))
        path.append(usd)
    return _Machine(path, start_seconds=random.uniform(150, 330), idle_seconds=random.uniform(180, 420))


def _error(estimate: float, bill: float) -> float:
    return abs(estimate - bill) / bill


BENCHMARK = Benchmark("estimate", "the bot's sums against a simulated bill", run)
