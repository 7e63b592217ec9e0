"""Which of a job's files come first, and how one of them is named in an option of a command."""

import hashlib
import re
from collections.abc import Callable, Sequence

from bot.domain.inert import code, one_line
from bot.domain.text import folded
from bot.errors import BadInput, any_of
from trainer.contract import CLAIM_JSON, LOG_TXT, MANIFEST_JSON, METRICS_CSV, MODEL, RESUME_JSON

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm", ".mov")
VIDEOS = (".mp4", ".webm", ".mov", ".gif")
PLAYED = (".mp4", ".webm", ".mov")
"""Discord shows these with their first frame, and unpacks none."""
HIDDEN = (CLAIM_JSON, RESUME_JSON)
"""The trainer's own."""
OPTION_CHARACTERS = 100
"""What an option's suggestion can hold: "Value for the choice, up to 100 characters if string".

https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure
"""
ATTACHED_CHARACTERS = 80
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
_MOST_NAMED = 5
_RESULTS = (MODEL, "", METRICS_CSV, LOG_TXT)
"""In this order, with the videos in the second place; then everything else, and the manifest last."""


def rank(name: str) -> int:
    """Sort key: results first, then other files."""
    if name in _RESULTS:
        return _RESULTS.index(name)
    if name.lower().endswith(VIDEOS):
        return _RESULTS.index("")
    return len(_RESULTS) + (name == MANIFEST_JSON)


def attached(name: str) -> str:
    """The name of a picture as an attachment: an embed shows it by `attachment://` and its name.

    "The filename for these URLs must be ASCII alphanumeric with underscores, dashes, or dots."
    https://docs.discord.com/developers/reference#uploading-files
    """
    stem, _, ending = name.rsplit("/", 1)[-1].rpartition(".")
    plain = _NOT_PLAIN.sub("_", stem)[:ATTACHED_CHARACTERS].strip("._") or "picture"
    return f"{plain.removeprefix('SPOILER_') or 'picture'}.{ending}"


def option_value(name: str) -> str:
    """The name, or a stand-in for it: Discord strips spaces, and takes at most 100 characters (UTF-16 counts two)."""
    if name == one_line(name) and _units(name) <= OPTION_CHARACTERS:
        return name
    return f"file-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def option_text(name: str, limit: int = OPTION_CHARACTERS) -> str:
    """The name on one line with its end, which tells files apart: the middle is left out."""
    text = one_line(name) or "(a name without visible characters)"
    if _units(text) <= limit:
        return text
    limit //= 1 if text.isascii() else 2
    head = limit // 3
    return f"{text[:head]}…{text[len(text) - (limit - head - 1) :]}"


def matching(names: Sequence[str], typed: str) -> list[str]:
    """The names that contain the text, in any case."""
    wanted = folded(typed)
    return [name for name in names if wanted in folded(name)]


def find(names: Sequence[str], typed: str) -> str:
    """The one name that is meant: exact, then without its folder, then the only one that contains the text.

    Raises `BadInput` with names to choose from.
    """
    wanted = typed.strip().strip("`")
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: wanted in (name, option_value(name)),
        lambda name: folded(name) == folded(wanted),
        lambda name: folded(name.rsplit("/", 1)[-1]) == folded(wanted),
        lambda name: bool(wanted) and folded(wanted) in folded(name),
    )
    for test in tests:
        found = [name for name in names if test(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise BadInput(f'"{option_text(wanted)}" fits {len(found)} files. {_advice(found)}')
    raise BadInput(f'There is no file "{option_text(wanted)}". {_advice(names)}')


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _advice(names: Sequence[str]) -> str:
    shown = [code(option_text(name)) for name in names[:_MOST_NAMED]]
    return f"Choose one from the suggestions, such as {any_of(shown)}."
