"""The answer to whoever starts something: the commit and the parameters with which it starts.

Discord's client may drop text that is typed behind a command but in none of its options, and sends the command without
it: https://github.com/discord/discord-api-docs/issues/2626. The answer is where people notice.
"""

from collections.abc import Iterator, Sequence

from bot.chat.cards import card_lines, money_lines, sweep_preview
from bot.chat.cards.remedies import remedy_lines
from bot.chat.limits import CONTENT_CHARACTERS
from bot.domain.inert import Inert, cut, phrase
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project

PARAMETERS = 1_000
AXES, FIXED = 400, 400
"""A sweep's line has room for both, and for the remarks."""


def text(
    headline: str, job: Posted, project: Project | None, remarks: Sequence[str] = (), *, given: bool = True
) -> str:
    """The whole message. `given` is False if the command had no option that changes anything."""
    return cut("\n".join([headline, *_what_starts(job, project, given=given), *remarks]), CONTENT_CHARACTERS)


def _what_starts(job: Posted, project: Project | None, *, given: bool) -> Iterator[Inert]:
    if isinstance(job, Sweep):
        yield card_lines.commit(job)
        yield from sweep_preview.plan(job, project, AXES, FIXED)
        yield from money_lines.offer(job, project)
        return
    if not given and job.request.retry_of is not None:
        yield phrase("You changed nothing, so the commit and all values are as before.")
    elif not given:
        yield phrase("You set no option, so all values are defaults.")
    yield card_lines.commit(job)
    if job.run.parameters:
        yield card_lines.parameters(job.run.parameters, PARAMETERS, project)
    if job.run.remedied is not None:
        yield remedy_lines.changed(job)
    yield from money_lines.offer(job, project)
