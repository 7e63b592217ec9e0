"""Which of several metrics most likely decides which result is best."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bot.domain.metric_names import more_is_better

_WORD = re.compile(r"[a-z0-9]+")
_VALIDATION = frozenset(["val", "valid", "validation", "dev", "eval", "holdout"])
_TEST = frozenset(["test", "rew", "reward", "rewards", "return", "returns", "score"])
_TRAINING = frozenset(["train", "training"])
_SPEED = frozenset(["fps", "sps", "throughput", "time", "runtime", "second", "sec", "lr", "speed"])


def likeliest(wanted: str, names: Sequence[str]) -> str:
    """The name that is nearly the wanted one, or a validation metric, or any whose name tells its direction.

    `names` has at least one. Of two that fit alike an accuracy comes before a loss, then the first.
    """
    near = get_close_matches(wanted, names, 1, cutoff=0.8)
    return near[0] if near else min(names, key=_rank)


def _rank(name: str) -> tuple[bool, bool, int, bool]:
    words = set(_WORD.findall(name.lower().replace("_", " ")))
    more = more_is_better(name)
    part = 0 if words & _VALIDATION else 1 if words & _TEST else 3 if words & _TRAINING else 2
    return bool(words & _SPEED), more is None, part, not more
