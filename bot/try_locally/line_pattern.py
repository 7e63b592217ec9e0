"""A pattern for metrics in lines that a program prints without saying the epoch."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.domain.metric_names import more_is_better

_NUMBER = r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_PAIR = re.compile(
    rf"(?<![\w.])([A-Za-z][A-Za-z_ ]{{0,40}}?)(\s*[:=]\s*|\s+(?:is|of|now|at|was)\s+|\s+)({_NUMBER})(?![\w])"
)
_MOST_WORDS = 3
_LEAST_TIMES = 2


def pattern_in(log: Sequence[str]) -> dict[str, str]:
    """Metrics by name, each with the regular expression for `metric_patterns`. Only what was printed more than once."""
    texts: dict[str, str] = {}
    times: Counter[str] = Counter()
    for line in log:
        for name, text in dict(_pairs(line)).items():
            if texts.setdefault(name, text) == text:
                times[name] += 1
    return {
        name: f"{re.escape(text).replace(chr(92) + ' ', ' ')}({_NUMBER})"
        for name, text in texts.items()
        if times[name] >= _LEAST_TIMES
    }


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Name, and the text before the value, of each metric whose name tells its direction."""
    for match in _PAIR.finditer(line):
        words = match[1].lower().split()[-_MOST_WORDS:]
        name = "_".join(words)
        if more_is_better(name) is not None:
            yield name, match[1] + match[2]
