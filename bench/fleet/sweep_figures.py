"""The figures of the large sweep, from what was observed and from what is known about its trials."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.fleet.board import Board
from bench.fleet.limits import BATCH_READS, Ledger, a_minute, worst
from bench.fleet.truth import Truth
from bench.report.figures import Figure
from bench.report.probe import Probe
from deploy.sandbox.demo.view import Json

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Observed:
    """One sweep as people saw it, and the bot's processes before and after the kill. Times are seconds since the epoch.

    `table` is the result message's CSV file. `pictures` are those on the card and on the result message. Each is empty
    if there is none. `boards` are all states of the card, with their times; `results` are all result messages.
    """

    sweep_id: str
    table: bytes
    pictures: Mapping[str, bytes]
    boards: Sequence[tuple[float, Board]]
    restarted_at: float
    result_at: float
    results: Sequence[Json]
    probes: Sequence[Probe]


def call_figures(ledger: Ledger) -> Iterable[Figure]:
    counts, reads = ledger.counts, ledger.times(BATCH_READS)
    yield Figure("SubmitJob", counts["SubmitJob"], "calls", at_least=1, at_most=1)
    yield Figure("DescribeJobs and ListJobs, mean", a_minute(reads), "calls/min", at_most=600)
    yield Figure("DescribeJobs and ListJobs, worst minute", worst(reads), "calls/min", at_most=600)
    for action in (*BATCH_READS, "FilterLogEvents", "GetObject"):
        yield Figure(f"{action}, total", counts[action], "calls")
    yield Figure("calls that AWS throttled", ledger.throttled.total(), "calls", at_most=0)


def message_figures(times: Callable[[str], list[float]]) -> Iterable[Figure]:
    """`times` returns when the bot did something in Discord, by the ledger's kind. Messages that only one person sees
    don't count. Discord allows 5 requests of a kind in 5 s per channel, so 60 a minute."""
    for kind, words in (("message.create", "messages"), ("message.edit", "edits of the card")):
        yield Figure(f"{words}, worst minute", worst(times(kind)), f"{words.split()[0]}/min", at_most=60)
    yield Figure("requests that Discord rate-limited", len(times("rate_limited")), "429", at_most=0)
    yield Figure("threads", len(times("thread.create")), "threads", at_least=1, at_most=1)


def process_figures(probes: Sequence[Probe]) -> Iterable[Figure]:
    children, stall = max(each.children_memory for each in probes), max(each.stall for each in probes)
    yield Figure("peak memory of the bot's process", max(p.memory for p in probes) / MB, "MB", at_most=250)
    yield Figure("peak memory of its children (drawing, git)", children / MB, "MB")
    yield Figure("longest stall of the event loop", 1000 * stall, "ms")
    yield Figure("CPU time of the bot's process", sum(each.cpu_seconds for each in probes), "s")


def sweep_figures(observed: Observed, truth: Truth) -> Iterable[Figure]:
    """Compare what people saw with what is known about the trials."""
    ends = sorted(timeline.ended_at for timeline in truth.timelines.values())
    began = min(timeline.attempts[0].begun for timeline in truth.timelines.values())
    wrong = truth.wrong_rows(observed.table, observed.sweep_id)
    yield Figure("trials that ended", len(ends), "trials", at_least=truth.grid.trials)
    yield Figure("first trial's start to last trial's end", ends[-1] - began, "s")
    yield Figure("last trial's end to the result message", observed.result_at - ends[-1], "s")
    yield from _card_figures(observed, truth, ends)
    yield Figure(f"wrong rows in the CSV, of {truth.grid.trials:,}", len(wrong), "rows", at_most=0)
    yield Figure("result messages", len(observed.results), "messages", at_least=1, at_most=1)
    for where, picture in observed.pictures.items():
        yield Figure(f"picture on the {where}", len(picture) / 1000, "kB", at_least=1)


def _card_figures(observed: Observed, truth: Truth, ends: Sequence[float]) -> Iterable[Figure]:
    before, after = _ended_around_restart(observed, truth.grid.trials)
    false = false_boards(observed.boards, ends, truth)
    last = observed.boards[-1][1]
    differs = [name for name in Board.__dataclass_fields__ if getattr(last, name) != getattr(truth.board, name)]
    yield Figure("card staleness, worst", max(staleness(observed.boards, ends), default=0.0), "s")
    yield Figure("trials missing from the card after the restart", max(0, before - after), "trials", at_most=0)
    yield Figure("cards that showed a state that never existed", len(false), "cards", at_most=0)
    yield Figure("wrong parts of the final card", len(differs), "parts", at_most=0)


def _ended_around_restart(observed: Observed, trials: int) -> tuple[int, int]:
    """Return how many trials had ended by the last card before the restart, and by the first card after it."""
    shown = [(at, trials if board.ended is None else board.ended) for at, board in observed.boards]
    before = [ended for at, ended in shown if at < observed.restarted_at]
    after = [ended for at, ended in shown if at >= observed.restarted_at]
    return before[-1], after[0]


def staleness(boards: Sequence[tuple[float, Board]], ends: Sequence[float]) -> Iterable[float]:
    """Yield, for each state of the card, for how many seconds it had been out of date."""
    for at, board in boards:
        if board.ended is not None and board.ended < len(ends):
            yield max(0.0, at - ends[board.ended])


def false_boards(boards: Sequence[tuple[float, Board]], ends: Sequence[float], truth: Truth) -> list[Board]:
    """Return the cards that counted more trials than had ended, or a leader with a value that it never reported."""
    reported = {trial.number: {f"{value:.4g}" for value in trial.values} for trial in truth.grid.expected}
    return [
        board
        for at, board in boards
        if (board.ended or 0) > bisect_right(ends, at)
        or any(value not in reported[number] for number, value in board.leaders)
    ]
