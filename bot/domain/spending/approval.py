"""What exactly a second person approves."""

import hashlib
import json
from dataclasses import asdict

from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep

TOKEN_CHARACTERS = 10


def token(posted: Posted) -> str:
    """Of the commit, the parameters, the plan of a sweep, the quote and the hour: another one for anything else. A
    button carries it, so that it approves what was on the card below which it was."""
    hold = posted.execution.hold
    what = {
        "id": posted.id,
        "run": {**asdict(posted.run), "key": ""},
        "plan": asdict(posted.plan) if isinstance(posted, Sweep) else None,
        "hour": (hold.since, hold.until) if hold is not None else None,
    }
    text = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:TOKEN_CHARACTERS]
