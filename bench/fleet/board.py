"""Read a sweep's card and its result message as people read them."""

import re
from dataclasses import dataclass

from deploy.sandbox.demo.view import Json, text_of

_ENDED = re.compile(r"([\d,]+)/([\d,]+) ended")
_COUNT = r"([\d,]+) {}"
_LEADER = re.compile(r"^\.(\d+) +(\S+)", re.MULTILINE)
_BEST = re.compile(r"(\S+) at lr (\S+), momentum (\S+) \(\w{6}\.(\d+)\)")
_FAILURES = re.compile(r"^([\d,]+) failed(?: the same way)?: .*: ((?:\.\d+ ?)+)(?:…)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Best:
    """The best trial. Values as they are written on the card."""

    number: int
    value: str
    lr: str
    momentum: str


@dataclass(frozen=True, slots=True)
class Board:
    """`ended` is None once all have ended, as the card then no longer shows the count. `leaders` are number and value,
    best first; `failures` are how many failed the same way and the numbers of the first few."""

    ended: int | None
    failed: int
    without_metrics: int
    best: Best | None
    leaders: tuple[tuple[int, str], ...]
    failures: tuple[tuple[int, tuple[int, ...]], ...]


def read(message: Json) -> Board:
    text = text_of(message)
    ended = _ENDED.search(text)
    best = _BEST.search(text)
    return Board(
        ended=_int(ended[1]) if ended else None,
        failed=_count(text, r"failed(?! the same way)(?= ·|$)"),
        without_metrics=_count(text, "without metrics"),
        best=Best(int(best[4]), best[1], best[2], best[3]) if best else None,
        leaders=tuple((int(number), value) for number, value in _LEADER.findall(text)),
        failures=tuple((_int(count), _numbers(names)) for count, names in _FAILURES.findall(text)),
    )


def _count(text: str, word: str) -> int:
    found = re.search(_COUNT.format(word), text, re.MULTILINE)
    return _int(found[1]) if found else 0


def _numbers(names: str) -> tuple[int, ...]:
    return tuple(int(name) for name in names.replace(".", " ").split())


def _int(text: str) -> int:
    return int(text.replace(",", ""))
