"""A space as text that `parse` reads back as the same space."""

from typing import Any

from bot.domain.model.space import Space
from bot.domain.parameters import typed_text


def written(space: Space) -> str:
    """The canonical text. `parse` returns the same space for the same search, folds and seed."""
    overs = next(space.encoded[kind] for kind in ("axes", "mixed", "shuffled", "ranges") if kind in space.encoded)
    return " ".join(f"{name}={_values(over)}" for name, over in overs)


def _values(over: Any) -> str:
    if isinstance(over, dict) and "choices" not in over:
        log = ":log" if over.get("log") else ""
        count = f":{over['count']}" if "count" in over else ""
        return f"{typed_text(over['low'])}..{typed_text(over['high'])}{log}{count}"
    return ",".join(map(typed_text, over if isinstance(over, list) else over["choices"]))
