"""A file, a folder or a module that is moved takes along every comment, docstring, string and page that names it."""

from pathlib import Path

import pytest

from tests.layout.mentions import OURS, Project
from tests.layout.tree import PRODUCT, ROOT, Tree

OTHERS = frozenset({"bot.log", "trainer.py"})
"""Files that the sandbox and a user's repository have."""
PROJECT = Project(Tree.of(ROOT, (*PRODUCT, "tests")), (ROOT / "config.example.toml").read_text(), OTHERS)
AT_THE_TOP = (
    "README.md",
    "ARCHITECTURE.md",
    "Makefile",
    "Dockerfile",
    "pyproject.toml",
    "config.example.toml",
    ".ci/run",
)
SKIPPED = {"tests/layout/test_rules.py", "tests/layout/test_mentions.py", "tests/test_docs.py"}
"""Their names are made up. The changelog is not read either: it is history."""

# Pages of today that are behind. An entry goes with its cure, as in `tests/layout/test_rules.py`.
WAITING_FOR_CURE: dict[str, set[str]] = {}


def _files(place: str) -> list[str]:
    kinds = {".py", ".md", ".toml", ".js", ".css", ".yaml", ".service", ".conf"}
    inside = (str(path.relative_to(ROOT)) for path in (ROOT / place).rglob("*") if path.suffix in kinds)
    return sorted(set(AT_THE_TOP if place == "." else inside) - SKIPPED)


@pytest.mark.parametrize("place", [*OURS, "."])
def test_what_is_mentioned_exists(place: str) -> None:
    missing = {name: set(PROJECT.wrong(ROOT / name)) for name in _files(place)}
    new = {name: sorted(found) for name, each in missing.items() if (found := each - WAITING_FOR_CURE.get(name, set()))}
    assert not new, f"mentioned, and not there: {new}"
    cured = {name: each - missing.get(name, each) for name, each in WAITING_FOR_CURE.items() if name in missing}
    assert not any(cured.values()), f"cured, so strike out in WAITING_FOR_CURE: {cured}"


@pytest.fixture
def made_up(tmp_path: Path) -> Project:
    for name in ("bot/a/one.py", "bot/a/__init__.py", "docs/p.md", "tests/test_a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("X = 1\n")
    return Project(Tree.of(tmp_path, ("bot",)), "[bot]\nname = 1\n# log_level = 2\n", frozenset({"bot.other"}))


@pytest.mark.parametrize(
    ("suffix", "text", "wrong"),
    [
        (".py", '"""See bot/a/one.py and bot/a/two.py."""', ["bot/a/two.py"]),
        (".py", "x = 1  # as `bot.a.two` does, and bot.a.one", ["bot.a.two"]),
        (".py", "f'python -m bot.b {x}'", ["bot.b"]),
        (".py", "'bot.a.one.X.y', 'bot.a.one.Y'", ["bot.a.one.Y"]),
        (".py", "bot.gone.x = 1", []),
        (".py", "'s3://bucket/bot/a/gone.py', 'me/bot/gone.py'", []),
        (".py", "'bot.name', 'bot.log_level', 'bot.log_file', 'bot.other'", ["bot.log_file"]),
        (
            ".md",
            "`bot/a`, `bot/b`, bot/c/ and tests/test_{a,b}.py, tests/test_*.py",
            ["bot/b", "bot/c/", "tests/test_b.py"],
        ),
        (".md", "a/one.py is not beside the page, bot/a/one.py is there", ["a/one.py"]),
        (".toml", "# of trainer/gone.py, not of trainer/default/1", ["trainer/gone.py"]),
    ],
)
def test_what_is_missing_is_found(made_up: Project, suffix: str, text: str, wrong: list[str]) -> None:
    path = made_up.tree.root / f"file{suffix}"
    path.write_text(text)
    assert made_up.wrong(path) == wrong
