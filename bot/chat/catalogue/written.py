"""Sentences that stand in the source: errors, answers and the doctor's findings, with their fields in braces."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.chat.catalogue.entries import Entry

ROOT = Path(__file__).parents[2]
_SECTIONS = {
    **dict.fromkeys(
        ("UserError", "BadInput", "GrammarError", "UnknownName", "NotAllowed", "TooMany", "CapReached", "Paused"),
        "Errors for people",
    ),
    "answer": "Answers",
    "answer_alone": "Answers",
    "answer_privately": "Answers",
    "Check": "What the doctor checks",
    "Finding": "What the doctor finds",
    "bad": "What the doctor finds",
    "note": "What the doctor finds",
}


def written() -> Iterator[Entry]:
    """Sorted by section, then by place in the source."""
    found = [entry for path in sorted(ROOT.rglob("*.py")) for entry in _in_file(path)]
    for section in dict.fromkeys(_SECTIONS.values()):
        yield from (entry for entry in found if entry.section == section)


def _in_file(path: Path) -> Iterator[Entry]:
    where = path.relative_to(ROOT.parent).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or (name := _called(node)) not in _SECTIONS:
            continue
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        texts = [text for value in values if (text := _text(value))]
        if texts:
            yield Entry(_SECTIONS[name], f"{name}, {where}:{node.lineno}", " | ".join(texts))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="Finding"), attr=name):
            return name
        case _:
            return ""


def _text(value: ast.expr) -> str:
    """A literal with its fields in braces; empty for anything else."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else _text(part)
                for part in parts
            )
        case ast.IfExp(body=first, orelse=second):
            return " / ".join(filter(None, (_text(first), _text(second))))
        case ast.BinOp(left=first, right=second):
            return _text(first) + _text(second)
        case _:
            return ""
