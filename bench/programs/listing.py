"""The programs as a table: what each showed in Discord and left in S3, and what it took."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import tomli_w

from bench.programs.observe import Observed
from bench.programs.program import Program

DOCS = Path("docs/training-code.md")
BEGIN, END = "<!-- programs: python -m bench.programs writes this table -->", "<!-- end of programs -->"
CHANGED_LINES = 0
"""The repository's `train.py` is the listed script as it is."""


def cells(found: Observed) -> Mapping[str, str]:
    """One program's line, by column."""
    program = found.program
    drawn = f"{', '.join(program.columns)} over {program.at.partition(' ')[0]}"
    return {
        "program": program.name,
        "ran": "yes" if found.ran else f"no: {found.verdict}",
        "live card": "no" if found.live is None else f"yes, {found.live:.0f} s before its end",
        "right plot": f"no: {found.wrong}" if found.wrong else f"yes: {drawn}",
        "files kept": f"{found.kept} of {len(program.kept)}" if program.kept else "it leaves none",
        "config lines": str(config_lines(program)),
        "code lines": str(CHANGED_LINES),
    }


def config_lines(program: Program) -> int:
    """Lines in the project's section, beside those that every project has."""
    return len(tomli_w.dumps(dict(program.settings)).splitlines())


def markdown(lines: Sequence[Mapping[str, str]]) -> str:
    """A table with the names of the first line's cells as its header."""
    rows = [list(lines[0]), ["---"] * len(lines[0]), *(list(line.values()) for line in lines)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def replaced(text: str, begin: str, end: str, content: str) -> str:
    """The text with what stands between two marks replaced. Raises ValueError if they are not there."""
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the text has no lines {begin!r} and {end!r}")
    return f"{head}{begin}\n{content}{end}{tail}"
