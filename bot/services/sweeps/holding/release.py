"""A held sweep goes on."""

from dataclasses import replace

from bot.domain.model.sweep import Sweep
from bot.domain.money.hold import Continued, Hold
from bot.domain.posts import NewPost, PostKind
from bot.domain.texts import hold_texts


def released(sweep: Sweep, hold: Hold, done: Continued) -> tuple[Sweep, tuple[NewPost, ...]]:
    """The sweep without its hold, and the note about it, which appears once for each hold."""
    after = replace(sweep, execution=sweep.execution.released(), continued=done)
    text = hold_texts.continued(after, done)
    return after, (NewPost(f"continued:{sweep.id}:{hold.mark}", PostKind.NOTE, sweep.id, text=text),)
