"""Each rule about AWS or Discord has its source beside it, and what no source settles stands in docs/assumptions.md."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.layout.tree import PRODUCT, ROOT, parsed

FOLDERS = (
    "bot/adapters/aws/**",
    "bot/chat",
    "bot/chat/delivery/**",
    "deploy/sandbox/aws/**",
    "deploy/sandbox/discord/**",
)
"""Adapters and stand-ins: whatever they believe of the real services can be wrong while every test passes."""
SOURCE = re.compile(r"https?://(?!127\.|localhost)\S+\.\S+|\bAPI_[A-Z]\w+|service model of botocore|\b(?:issue|PR) \d+")
"""A page, the API's reference, a service model, or a public thread."""
WITHOUT_RULES = {
    "bot/adapters/aws/probe/__init__.py": "names what others import",
    "bot/adapters/aws/probe/aws_probe.py": "puts the checks in order",
    "bot/adapters/aws/probe/token.py": "shows what token_lease reads",
    "bot/chat/__init__.py": "names the layer",
    "bot/chat/arrivals.py": "waits inside this process",
    "bot/chat/error_replies.py": "words for people",
    "deploy/sandbox/aws/__main__.py": "starts the process",
    "deploy/sandbox/aws/common/event_loop.py": "a thread",
    "deploy/sandbox/aws/common/ledger.py": "the sandbox's own record",
    "deploy/sandbox/aws/containers/reaper.py": "cleans up after the sandbox",
    "deploy/sandbox/aws/control.py": "the sandbox's own calls",
    "deploy/sandbox/aws/launcher.py": "starts the process",
    "deploy/sandbox/aws/requests/faults.py": "breaks calls on demand; protocols.py has AWS's errors",
    "deploy/sandbox/aws/resources.py": "makes what the stack makes, with AWS's calls",
    "deploy/sandbox/aws/server.py": "puts the parts together",
    "deploy/sandbox/discord/control.py": "the sandbox's own calls",
    "deploy/sandbox/discord/gateway/page_events.py": "the events of the sandbox's page",
    "deploy/sandbox/discord/people/api.py": "the sandbox's own calls",
    "deploy/sandbox/discord/people/client.py": "calls people/api.py",
    "deploy/sandbox/discord/rest/__init__.py": "puts the routes together",
    "deploy/sandbox/discord/server.py": "puts the parts together",
    "deploy/sandbox/discord/standin.py": "puts the parts together",
    "deploy/sandbox/discord/state/core.py": "holds the state",
    "deploy/sandbox/discord/state/events.py": "passes events on",
    "deploy/sandbox/discord/state/ledger.py": "the sandbox's own record",
    "deploy/sandbox/discord/state/world_spec.py": "describes the sandbox's server",
}
"""Modules that say nothing about the real services, and what they do instead."""
PAGE = ROOT / "docs" / "assumptions.md"
NAMED = re.compile(r"[Aa]ssumption: ([a-z0-9]+(?:-[a-z0-9]+)+)")
COLUMNS = ("name", "what we assume", "where", "source", "sure", "find out in five minutes", "doctor")


def _modules() -> list[str]:
    paths = (path for folder in FOLDERS for path in sorted(ROOT.glob(f"{folder}/*.py")))
    return [str(path.relative_to(ROOT)) for path in paths if parsed(path).body]


def _remarks(path: Path) -> Iterator[str]:
    """Docstrings, also of constants and fields, and comments; not the strings that the code works with."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    with path.open("rb") as file:
        yield from (token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT)


def _rows() -> list[dict[str, str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert all(len(row) == len(COLUMNS) for row in cells), [row[0] for row in cells if len(row) != len(COLUMNS)]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def _marked() -> set[tuple[str, str]]:
    """Name and file of each assumption in the code."""
    paths = (path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))
    return {
        (name, str(path.relative_to(ROOT))) for path in paths for text in _remarks(path) for name in NAMED.findall(text)
    }


@pytest.mark.parametrize("module", _modules())
def test_rules_have_their_sources(module: str) -> None:
    has_source = any(SOURCE.search(text) for text in _remarks(ROOT / module))
    if module in WITHOUT_RULES:
        assert not has_source, f"{module} has a source, so it has rules: take it out of WITHOUT_RULES"
    else:
        assert has_source, f"{module} has no source: name the page, model or issue, or add it to WITHOUT_RULES"


def test_modules_without_rules_exist() -> None:
    assert set(WITHOUT_RULES) <= set(_modules())


def test_code_and_page_list_the_same_assumptions() -> None:
    listed = {(row["name"].strip("`"), row["where"].strip("`")) for row in _rows()}
    assert listed == _marked()
    assert len(listed) == len(_rows())


@pytest.mark.parametrize("row", _rows(), ids=lambda row: str(row["name"]))
def test_each_assumption_has_source_confidence_and_a_way_to_find_out(row: dict[str, str]) -> None:
    assert all(row.values())
    assert re.fullmatch(r"\d\d %", row["sure"])
    assert row["what we assume"].endswith(".")
    assert row["find out in five minutes"].endswith(".")


def test_checks_of_the_doctor_that_are_named_exist() -> None:
    subjects = re.compile(r'(?:subject|SUBJECT) = f?"([^"{]+)')
    probes = [*(ROOT / "bot/adapters/aws/probe").glob("*.py"), ROOT / "bot/chat/discord_probe.py"]
    known = {found.strip() for path in probes for found in subjects.findall(path.read_text())}
    named = {row["doctor"].strip("`") for row in _rows()} - {"no"}
    assert named
    assert named <= known, named - known
