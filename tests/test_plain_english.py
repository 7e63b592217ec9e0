"""Words of the old voice stay out of code, documents, messages and names."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUFFIXES = {".py", ".md", ".toml", ".js", ".css", ".html", ".yaml", ".service"}
EXEMPT = {"CHANGELOG.md", "tests/test_plain_english.py", "tests/bot/chat/catalogue/test_catalogue.py"}
"""History, and the two lists of these words."""

PHRASES = (
    r"is expected\b",
    r"are expected\b",
    r"was given\b(?! up)",
    r"were given\b(?! up)",
    r"so many\b",
    r"the mend\b",
    r"gets dear\b",
    r"(?:is|are|was|were) told of\b",
    r"\btells of\b",
    r"\bhands-on\b",
    r"what there is\b",
    r"\bthere are no your\b",
)
NAMES = ("bell", "bells", "face", "faces", "fed", "narrate", "pulse", "heard", "untold")
"""Riddles, as a whole identifier or as a part of one between underscores."""


def _files() -> list[Path]:
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\n") if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return [ROOT / name for name in names if Path(name).suffix in SUFFIXES and name not in EXEMPT]


FILES = [path for path in _files() if path.is_file() and ".venv" not in path.parts]


def prose(path: Path) -> str:
    """What people read of a file: of Python its comments and strings."""
    text = path.read_text()
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(token.string for token in tokens if token.type in (tokenize.COMMENT, tokenize.STRING))


def phrases(text: str) -> list[str]:
    return [found[0] for phrase in PHRASES for found in re.finditer(phrase, text, re.IGNORECASE)]


def riddles(source: str) -> set[str]:
    """Identifiers that hold one of `NAMES`."""
    return {name for name in _identifiers(ast.parse(source)) if set(NAMES) & set(_parts(name))}


def _parts(name: str) -> list[str]:
    """`_told_before` and `BellTower` in small words."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def _identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


@pytest.mark.parametrize("place", ["bot", "trainer", "deploy", "bench", "tests", "docs", "."])
def test_no_phrase_of_the_old_voice(place: str) -> None:
    found = {
        str(path.relative_to(ROOT)): words
        for path in FILES
        if _place(path) == place and (words := phrases(prose(path)))
    }
    assert not found, f"say it as a native engineer would: {found}"


@pytest.mark.parametrize("place", ["bot", "trainer", "deploy", "bench", "tests"])
def test_no_name_is_a_riddle(place: str) -> None:
    sources = [path for path in FILES if _place(path) == place and path.suffix == ".py"]
    found = {str(path.relative_to(ROOT)): names for path in sources if (names := riddles(path.read_text()))}
    assert not found, f"name it for what it is: {found}"


def test_both_rules_can_fail() -> None:
    assert phrases('raise ValueError("5 was given, 2 is expected")') == ["is expected", "was given"]
    assert riddles("def told_of(face): self._bells.ring()") == {"face", "_bells"}
    assert riddles("surface = interface.bellows") == set()


def _place(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first if (ROOT / first).is_dir() else "."
