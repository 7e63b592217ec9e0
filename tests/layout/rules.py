"""What a layout must not have; each rule is a function from a tree to what is wrong with it, in words."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from tests.layout.tree import Tree, parsed

MOST_LINES, MOST_FUNCTION_LINES, MOST_MODULES = 300, 40, 15

Graph = Mapping[str, Mapping[str, tuple[str, str]]]
"""Child → the children it imports → one such import, by the names of both modules."""


def children(tree: Tree, folder: str) -> Graph:
    """How the modules and sub-folders of a folder import each other. Its own `__init__.py` is a child like others."""
    graph: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for module in tree.modules:
        if (own := _child(module, folder)) is None:
            continue
        for target in sorted(tree.imports(module)):
            other = _child(target, folder)
            if other is not None and other != own:
                graph[own].setdefault(other, (module, target))
    return graph


def _child(module: str, folder: str) -> str | None:
    if module == folder:
        return "__init__"
    return module.removeprefix(folder + ".").partition(".")[0] if module.startswith(folder + ".") else None


def circle(graph: Graph) -> list[str]:
    """A shortest circle, its first child at both ends; empty if there is none."""
    found = [path for start in graph if (path := _way_back(graph, start))]
    return min(found, key=lambda path: (len(path), path), default=[])


def _way_back(graph: Graph, start: str) -> list[str]:
    ways, seen = [[start]], {start}
    for way in ways:
        for child in graph.get(way[-1], {}):
            if child == start:
                return [*way, start]
            if child not in seen:
                seen.add(child)
                ways.append([*way, child])
    return []


def circles(tree: Tree) -> dict[str, str]:
    """By folder, a circle among its children as a path, with the imports that make it."""
    found = {}
    for folder in tree.folders():
        graph = children(tree, folder)
        if path := circle(graph):
            imports = ("{} imports {}".format(*graph[one][other]) for one, other in pairwise(path))
            found[folder] = f"{' → '.join(path)} ({'; '.join(imports)})"
    return found


def same_names(tree: Tree, folder: str) -> dict[str, list[str]]:
    """Modules anywhere in a folder that share their last name; `__init__` and `__main__` are everywhere."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in tree.modules:
        name = module.rpartition(".")[2]
        if _child(module, folder) is not None and not tree.is_package(module) and name != "__main__":
            found[name].append(module)
    return {name: modules for name, modules in found.items() if len(modules) > 1}


def long_files(tree: Tree) -> dict[str, str]:
    lines = {module: path.read_text().count("\n") for module, path in tree.modules.items()}
    return {module: f"{count} lines" for module, count in lines.items() if count > MOST_LINES}


def long_functions(tree: Tree) -> dict[str, str]:
    return {
        f"{module}.{node.name}": f"{length} lines"
        for module, path in tree.modules.items()
        for node in _functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_FUNCTION_LINES
    }


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def full_folders(tree: Tree) -> dict[str, str]:
    counts = dict.fromkeys(tree.folders(), 0)
    for module in tree.modules:
        if not tree.is_package(module):
            counts[module.rpartition(".")[0]] += 1
    return {folder: f"{count} modules" for folder, count in counts.items() if count > MOST_MODULES}


def borrowed_from_tests(tree: Tree) -> list[str]:
    """Test modules and conftests hold tests and fixtures; what others need is in a module that both import."""
    return [
        f"{module} imports {target}"
        for module in tree.modules
        for target in sorted(tree.imports(module))
        if (name := target.rpartition(".")[2]).startswith("test_") or name == "conftest"
    ]
