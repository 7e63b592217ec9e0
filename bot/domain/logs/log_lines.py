"""Lines of a job's log, as the engine stores them and as people read them.

Lengths are in UTF-16 units. Discord's limits count code points, of which there are never more, so a text that
fits here fits there, whichever of the two a client counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from bot.domain.logs.terminal import fold, strip_escapes
from trainer.contract import METRICS_MARK, TROUBLE_MARK, parse_metrics
from trainer.redaction.stream import LineRedactor

LONGEST_LINE = 1_000
"""Units of one line that are shown."""
LONGEST_EVENT = 1_600
"""Units of one event that are shown, all its lines together: it fits into a message."""

_RAISED = re.compile(r"[\w.]*(?:Error|Exception|Interrupt|Warning)\b.*")
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_LINE_SEPARATORS = dict.fromkeys([0x2028, 0x2029], " ")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]) | {ord("\n"): "\n", ord("\t"): "\t"}
_INVISIBLE = _CONTROLS | _BIDI_CONTROLS | _LINE_SEPARATORS

_MACHINE_LINE = re.compile(rf"(?:{re.escape(METRICS_MARK)}|{re.escape(TROUBLE_MARK)})\{{.*\}}\s*")

_BAR = re.compile(r"\d%\||[█▉▊▋▌▍▎▏━╸╺]{3}|\[[=>#.\s-]{8,}\]")
_MOVING = re.compile(r"[\d.:,?\s█▉▊▋▌▍▎▏━╸╺=>#-]+")
_COMPLETE = re.compile(r"\b100(?:\.0*)?\s*%")

_GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a log stream. `timestamp` in milliseconds since the epoch; `id` is the log service's own, such as
    CloudWatch's `eventId`."""

    id: str
    stream: str
    timestamp: int
    message: str


def clean(message: str) -> str:
    """One event as a terminal would show it: no escapes, no control characters, no change of writing direction.

    Tabs and line feeds stay. Halves of a surrogate pair are joined; a single half becomes U+FFFD.
    """
    if message.isprintable():
        return message
    text = message.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lines = (fold(line) for line in strip_escapes(text).replace("\r\n", "\n").split("\n"))
    return "\n".join(lines).translate(_INVISIBLE)


def readable(events: Iterable[LogEvent]) -> list[str]:
    """The lines for people: cleaned, cut, without machine lines, and with only the latest state of a progress bar."""
    return [line for _, line in numbered(events)]


def numbered(events: Iterable[LogEvent]) -> list[tuple[int, str]]:
    """`readable`, each line with the index of its event in `events`.

    Cleaning may join what a terminal would show as one, so secrets are looked for once more.
    """
    found: list[tuple[int, str]] = []
    for index, text in enumerate(LineRedactor().redact_all([clean(event.message).rstrip("\n") for event in events])):
        for line in _shortened(text.split("\n")):
            if _is_for_machines(line) and not (line := _bar_before(line)):
                continue
            if found and _overtaken(found[-1][1], line):
                found.pop()
            found.append((index, line))
    return found


def raised(lines: Sequence[str]) -> str:
    """The last line that looks like a raised error: `ValueError: shapes do not fit`; "" if none does."""
    return next((line.strip()[:200] for line in reversed(lines) if _RAISED.match(line.strip())), "")


def units(text: str) -> int:
    """The length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def abridged(text: str, room: int) -> str:
    """The text, or its beginning and an ellipsis: at most `room` units."""
    return text if units(text) <= room else f"{_head(text, room - 1)}…"


def cut(text: str, room: int) -> str:
    """The text in at most `room` units, with a count of what is cut off: `… (+12,345 characters)`.

    Never cut inside a visible character, such as a family of emoji, unless that alone is too long.
    """
    if units(text) <= room:
        return text
    head = _head(text, room - units(_gone(len(text))))
    return (head + _gone(len(text) - len(head))) if head else _code_points(text, room)


def _gone(characters: int) -> str:
    return f"… (+{characters:,} character{'s' if characters != 1 else ''})"


def _head(text: str, room: int) -> str:
    """The longest beginning of whole graphemes that fits into `room` units; empty if the first is too long."""
    end = 0
    for grapheme in _GRAPHEME.finditer(text, 0, max(0, room) + 1):
        room -= units(grapheme[0])
        if room < 0:
            break
        end = grapheme.end()
    return text[:end]


def _code_points(text: str, room: int) -> str:
    """As many code points as fit into `room` units."""
    return text[: max(0, room)].encode("utf-16-le")[: 2 * max(0, room)].decode("utf-16-le", "ignore")


def _shortened(lines: Sequence[str]) -> list[str]:
    """The lines of one event, each cut; if there are too many, the middle ones are left out."""
    short = [cut(line, LONGEST_LINE) for line in lines]
    if sum(map(units, short)) <= LONGEST_EVENT:
        return short
    head, tail = _fitting(short, LONGEST_EVENT // 3), _fitting(short[::-1], LONGEST_EVENT // 3)
    gone = len(short) - len(head) - len(tail)
    return [*head, f"… (+{gone:,} line{'s' if gone != 1 else ''})", *reversed(tail)]


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """The first lines that fit into `room`."""
    taken: list[str] = []
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def _is_for_machines(line: str) -> bool:
    return (METRICS_MARK in line and parse_metrics(line) is not None) or _MACHINE_LINE.fullmatch(line) is not None


def _bar_before(line: str) -> str:
    """The progress bar that a machine line was written behind; "" if there is none."""
    before = line.partition(METRICS_MARK)[0].rstrip()
    return before if _BAR.search(before) else ""


def _overtaken(before: str, after: str) -> bool:
    """True if both are states of the same progress bar, and the first is not its end."""
    if not (_BAR.search(before) and _BAR.search(after)) or _COMPLETE.search(before):
        return False
    return _MOVING.sub("", before) == _MOVING.sub("", after)
