"""A source tree as the tests of its layout read it: modules, imports, and the words in comments and strings."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "trainer", "deploy", "bench")

_COMMENT = re.compile(r"#\s.*")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@dataclass(frozen=True)
class Tree:
    """The Python modules of some packages: dotted name → path. A package is the module in its `__init__.py`."""

    root: Path
    modules: dict[str, Path]
    _imports: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, packages: tuple[str, ...] = PRODUCT) -> "Tree":
        paths = [path for package in packages for path in sorted((root / package).rglob("*.py"))]
        return cls(root, {_dotted(path.relative_to(root)): path for path in paths})

    def imports(self, module: str) -> frozenset[str]:
        """The modules of this tree that it names in its imports, wherever they stand in the file."""
        if module not in self._imports:
            self._imports[module] = frozenset(self._imported(self.modules[module]))
        return self._imports[module]

    def _imported(self, path: Path) -> Iterator[str]:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                wholes = [f"{node.module}.{alias.name}" for alias in node.names]
                names = [whole if whole in self.modules else node.module for whole in wholes]
            else:
                continue
            yield from (name for name in names if name in self.modules)

    def is_package(self, module: str) -> bool:
        return self.modules[module].name == "__init__.py"

    def folders(self) -> list[str]:
        """Every folder with modules in it, by its dotted name."""
        return sorted({_dotted(path.relative_to(self.root).parent) for path in self.modules.values()})


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    """Every dotted name that the imports of a file could mean, of whatever package."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def strings_and_comments(path: Path) -> Iterator[str]:
    """Of a Python file; of any other file, all of it."""
    if path.suffix != ".py":
        yield path.read_text()
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    yield from _COMMENT.findall(path.read_text())


@cache
def names_defined(path: Path) -> frozenset[str]:
    """Everything that a file binds, in whatever scope."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found)
