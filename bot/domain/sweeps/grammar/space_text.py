"""A space as text that `parse` reads back as the same space."""

import re
from typing import Any

from bot.domain.model.space import Space
from bot.domain.numbers import as_typed
from bot.domain.parameters import Value
from bot.domain.text import keyboard_ascii

_PLAIN = re.compile(r'[^\s,="]+')


def written(space: Space) -> str:
    """The canonical text. `parse` returns the same space for the same search, folds and seed."""
    overs = next(space.encoded[kind] for kind in ("axes", "shuffled", "ranges") if kind in space.encoded)
    return " ".join(f"{name}={_values(over)}" for name, over in overs)


def _values(over: Any) -> str:
    if isinstance(over, dict) and "choices" not in over:
        log = ":log" if over.get("log") else ""
        count = f":{over['count']}" if "count" in over else ""
        return f"{_value(over['low'])}..{_value(over['high'])}{log}{count}"
    return ",".join(map(_value, over if isinstance(over, list) else over["choices"]))


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return as_typed(value)
    text = str(value)
    if isinstance(value, int) or (_PLAIN.fullmatch(text) and keyboard_ascii(text) == text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
