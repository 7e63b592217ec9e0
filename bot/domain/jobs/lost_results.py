"""What a successful job has lost, from its manifest."""

import json
from typing import Any

from trainer.redaction.redact import redact

_NAMED = 2
_REASON = 120
"""Characters of one reason."""
_NAME = 200
_MOST_COUNTED = 10**9


def results_not_stored(manifest: bytes) -> str:
    """Return `not stored: model.pt (Permission denied) and 2 more`; "" if everything is stored.

    The manifest is written by a job, so nothing in it is taken for granted.
    """
    try:
        body: Any = json.loads(manifest)
    except (ValueError, RecursionError):
        return ""
    listed = body.get("not_stored") if isinstance(body, dict) else None
    files = [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
    if not files:
        return ""
    named = [f"{str(file.get('name'))[:_NAME]} ({str(file.get('reason'))[:_REASON]})" for file in files[:_NAMED]]
    count = body.get("not_stored_count")
    more = (count if isinstance(count, int) and 0 <= count < _MOST_COUNTED else len(files)) - len(named)
    return f"not stored: {redact(', '.join(named))}{f' and {more:,} more' if more > 0 else ''}"
