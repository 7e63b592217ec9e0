"""A line as a terminal would show it: escape sequences that erase are obeyed, others are dropped.

Every step is linear in the line's length: a job may print whatever it likes.
ECMA-48, https://ecma-international.org/publications-and-standards/standards/ecma-48/
"""

import re

# Controls that stand for an erasure between the two steps; a job's own ones are dropped first.
_ERASE_TO_END = "\x05"
_ERASE_LINE = "\x06"
_DROPPED = dict.fromkeys([0x00, ord(_ERASE_TO_END), ord(_ERASE_LINE)])

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)(?P<parameters>[0-?]*+)[ -/]*+(?P<final>[@-~]|\Z)"  # CSI: colours, cursor, erasing
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*+(?:\x07|\x1b\\|\x9c)"  # OSC, DCS: titles, links
    r"|\x1b[ -/]*+[0-~]"  # the short ones
)
_MOVES = re.compile(f"([\r\b{_ERASE_TO_END}{_ERASE_LINE}])")


def strip_escapes(text: str) -> str:
    """Drop colours and links; what erases, or goes to the beginning of the line, becomes a control for `fold`."""
    return _ESCAPE.sub(_meaning, text.translate(_DROPPED))


def fold(line: str) -> str:
    """What remains visible of one line after its carriage returns, backspaces and erasures."""
    if not _MOVES.search(line):
        return line
    cells: list[str] = []
    cursor = 0
    for piece in _MOVES.split(line):
        match piece:
            case "\r":
                cursor = 0
            case "\b":
                cursor = max(0, cursor - 1)
            case "\x05":
                del cells[cursor:]
            case "\x06":
                cells.clear()
                cursor = 0
            case _:
                cells[cursor : cursor + len(piece)] = piece
                cursor += len(piece)
    return "".join(cells).rstrip(" ")


def _meaning(escape: re.Match[str]) -> str:
    match escape["final"], escape["parameters"]:
        case "K", "" | "0":
            return _ERASE_TO_END
        case ("K", "2") | ("J", "2"):
            return _ERASE_LINE
        case "G", "" | "0" | "1":
            return "\r"
        case _:
            return ""
