"""Log lines in messages: whole events in a code block, or a digest if the thread is far behind the log."""

from collections.abc import Sequence

from bot.domain.inert import EMPTY, Inert, disarmed, log_block, stacked
from bot.domain.logs.log_lines import LogEvent, cut, numbered, units
from bot.domain.texts.notes import lines_left_out

_FENCES = len("```\n") + len("\n```")


def block(lines: Sequence[str], limit: int = 2_000) -> tuple[Inert, int]:
    """One code block of at most `limit` units, and how many of the lines are in it.

    At least one is, cut if it does not fit alone; `("", 0)` for no lines.
    """
    body: list[str] = []
    room = limit - _FENCES
    for line in map(disarmed, lines):
        size = units(line) + (1 if body else 0)
        if size > room:
            break
        body.append(line)
        room -= size
    if not body and lines:
        body.append(cut(disarmed(lines[0]), room))
    return log_block(body), len(body)


def event_block(events: Sequence[LogEvent], limit: int = 2_000) -> tuple[Inert, int]:
    """One code block of whole events, and how many events it covers, including those without a line for people.

    `("", n)` if none of the events has one. An event that does not fit alone is cut.
    """
    lines = numbered(events)
    text, taken = block([line for _, line in lines], limit)
    if taken == len(lines):
        return text, len(events)
    cut_event = lines[taken][0]
    whole = [line for index, line in lines[:taken] if index < cut_event]
    return (block(whole, limit)[0], cut_event) if whole else (text, cut_event + 1)


def digest(lines: Sequence[str], left_out: int = 0, limit: int = 4_096, *, whole: bool = True) -> Inert:
    """For a thread that is far behind: how many lines are left out, then the last ones that fit.

    `left_out` counts lines that came before `lines`. `whole` unless lines of the log are not even stored.
    """
    room = limit - units(_head(left_out + len(lines), whole=whole)) - 1
    taken, size = 0, _FENCES
    for line in reversed(lines):
        size += units(disarmed(line)) + 1
        if size > room and taken:
            break
        taken += 1
    shown = lines[len(lines) - taken :]
    return stacked(_head(left_out + len(lines) - taken, whole=whole), block(shown, room)[0])


def _head(count: int, *, whole: bool) -> Inert:
    return lines_left_out(count, whole=whole) if count else EMPTY
