"""Arguments read from source code, for a script that can't be run here: its packages may only be in the job's image."""

import ast
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.init.argument import Argument, Literal

_MOST_FILES = 50
_LARGEST = 2**32
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: lambda base, power: base**power if abs(power) <= 64 else None,
}
_PARSING = re.compile(r"ArgumentParser|argument_parser|add_argument|parse_args|parse_known_args")
_BOOLEAN_ACTION = "BooleanOptionalAction"


def arguments_in(script: Path, root: Path) -> list[Argument]:
    """Those that the script declares; if it declares none, those of the repository's modules that it imports."""
    for trees in _levels(script, root):
        if found := [argument for tree in trees for argument in _declared(tree)]:
            return list({argument.dest: argument for argument in found}.values())
    return []


def may_parse(script: Path, root: Path) -> bool:
    """Whether the script, or a module of the repository's that it imports, names anything of argparse's.

    Any other script would train to its end before it parsed.
    """
    return any(_PARSING.search(ast.unparse(tree)) for trees in _levels(script, root) for tree in trees)


def _levels(script: Path, root: Path) -> Iterator[list[ast.Module]]:
    """The script, then what it imports of the repository, then what those import."""
    seen: set[Path] = set()
    level = [script]
    while level and len(seen) < _MOST_FILES:
        trees = [tree for path in level if path not in seen and (tree := _tree(path)) is not None]
        seen |= set(level)
        yield trees
        level = [path for tree in trees for path in _imported(tree, script.parent, root) if path not in seen]


def _tree(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _imported(tree: ast.Module, folder: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}".strip(".") for alias in node.names)]
        for name in filter(None, names):
            path = Path(*name.split("."))
            for base in dict.fromkeys([folder, root]):
                for candidate in (base / path.with_suffix(".py"), base / path / "__init__.py"):
                    if candidate.is_file():
                        yield candidate


def _declared(tree: ast.Module) -> Iterator[Argument]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
            argument = _argument(node)
            if argument is not None:
                yield argument


def _argument(call: ast.Call) -> Argument | None:
    names = [value for value in map(_literal, call.args) if isinstance(value, str)]
    if not names or len(names) != len(call.args):
        return None
    flags = tuple(name for name in names if name.startswith("-"))
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    first = next((flag for flag in flags if flag.startswith("--")), names[0])
    dest = _text(given.get("dest")) or first.lstrip("-").replace("-", "_")
    action = _name(given.get("action")) or "store"
    choices = given.get("choices")
    default, known = _default(given.get("default"), action)
    return Argument(
        flags,
        dest,
        "boolean_optional" if action == _BOOLEAN_ACTION else action,
        _name(given.get("type")) or "str",
        default,
        known,
        tuple(str(_literal(each)) for each in choices.elts) if isinstance(choices, ast.List | ast.Tuple) else (),
        "" if "nargs" not in given else str(_literal(given["nargs"])),
        _literal(given["required"]) is True if "required" in given else False,
        _text(given.get("help")),
    )


def _default(node: ast.expr | None, action: str) -> tuple[Literal, bool]:
    if node is None:
        return {"store_true": False, "store_false": True}.get(action), True
    value = _literal(node)
    return value, value is not None or (isinstance(node, ast.Constant) and node.value is None)


def _literal(node: ast.expr) -> Literal:
    """The value of a constant expression, None if it is none of ours."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        value = _computed(node)
    return value if isinstance(value, bool | int | float | str) else None


def _computed(node: ast.expr) -> int | float | None:
    """Arithmetic on numbers: `64 * 1024`, `1 / 255`, `2 ** 20`."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in _OPERATORS:
        return None
    left, right = _literal(node.left), _literal(node.right)
    if not isinstance(left, int | float) or not isinstance(right, int | float) or abs(right) > _LARGEST:
        return None
    with suppress(ArithmeticError):
        value = _OPERATORS[type(node.op)](left, right)
        return value if isinstance(value, int | float) else None
    return None


def _name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value or "")
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Lambda):
        return "<lambda>"
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr | None) -> str:
    value = _literal(node) if node is not None else None
    return value if isinstance(value, str) else ""
