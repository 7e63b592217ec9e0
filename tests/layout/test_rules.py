"""Rules for folders, files and functions: no circles, names told apart, sizes to read."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.layout import rules
from tests.layout.rules import MOST_FUNCTION_LINES, MOST_LINES, MOST_MODULES, circles
from tests.layout.tree import PRODUCT, ROOT, Tree

TREE = Tree.of(ROOT)
TESTS = Tree.of(ROOT, ("tests",))
BOTH = Tree.of(ROOT, (*PRODUCT, "tests"))
BOT_LAYERS = ("chat", "adapters", "services", "ports", "domain")

# What breaks a rule today. An entry goes with its cure: one that breaks nothing any more fails the test, too.
WAITING_FOR_CURE: dict[str, set[str]] = {
    "circles": set(),
    "files": {
        "tests.bot.adapters.aws.test_batch_engine",
        "tests.bot.adapters.git.test_mirror",
        "tests.bot.chat.conversations.test_sweep_conversation",
        "tests.bot.domain.sweeps.grammar.test_parse",
        "tests.bot.services.test_story",
        "tests.bot.services.test_sweep_story",
        "tests.deploy.sandbox.aws.batch.test_jobs",
        "tests.faults.mutations",
        "tests.faults.test_any_order",
        "tests.faults.test_sweeps_found_again",
        "tests.faults.world",
        "tests.support.fakes",
    },
    "functions": {
        "bot.adapters.sqlite.schema._first",
    },
    "folders": {"tests.faults"},
    "names": set(),
}


def _only_waiting(rule: str, found: Mapping[str, str], why: str) -> None:
    new = [f"{name}: {what}" for name, what in found.items() if name not in WAITING_FOR_CURE[rule]]
    assert not new, f"{why}\n" + "\n".join(new)
    cured = WAITING_FOR_CURE[rule] - found.keys()
    assert not cured, f"cured, so strike out in WAITING_FOR_CURE: {', '.join(sorted(cured))}"


def test_the_children_of_a_folder_import_each_other_in_no_circle() -> None:
    found = circles(TREE) | circles(TESTS)
    _only_waiting("circles", found, "One of these imports has to go, or what both need has to move below them:")


@pytest.mark.parametrize("layer", BOT_LAYERS)
def test_the_modules_of_a_layer_are_told_apart_by_their_last_names(layer: str) -> None:
    same = {name: ", ".join(modules) for name, modules in rules.same_names(TREE, f"bot.{layer}").items()}
    new = {name: modules for name, modules in same.items() if name not in WAITING_FOR_CURE["names"]}
    assert not new, f"an editor's tab and a search show the last name only: {new}"


@pytest.mark.parametrize(
    ("rule", "measure", "tree", "why"),
    [
        ("files", rules.long_files, BOTH, f"A file over {MOST_LINES} lines usually holds two nouns:"),
        (
            "functions",
            rules.long_functions,
            TREE,
            f"A function over {MOST_FUNCTION_LINES} lines usually does two things:",
        ),
        (
            "folders",
            rules.full_folders,
            BOTH,
            f"A folder with more than {MOST_MODULES} modules usually holds two subjects:",
        ),
    ],
    ids=["files", "functions", "folders"],
)
def test_sizes_are_to_read(rule: str, measure: Callable[[Tree], dict[str, str]], tree: Tree, why: str) -> None:
    _only_waiting(rule, measure(tree), why)


def test_no_test_imports_a_test_module_or_a_conftest() -> None:
    borrowed = rules.borrowed_from_tests(TESTS)
    assert not borrowed, f"move what both need into tests/support, or a module beside them: {borrowed}"


# ---- each rule can fail ------------------------------------------------------------------------------------
def _tree(root: Path, files: dict[str, str]) -> Tree:
    """A made-up package `bot`."""
    for name, text in files.items():
        path = root / "bot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree.of(root, ("bot",))


def test_a_circle_of_three_folders_is_shown_as_a_path(tmp_path: Path) -> None:
    late = "def late():\n    from bot.a.one import x"
    files = {"a/one.py": "from bot.b import one", "b/one.py": "import bot.c.one", "c/one.py": late}
    assert circles(_tree(tmp_path, files | {"d.py": "import bot.a.one"})) == {
        "bot": "a → b → c → a (bot.a.one imports bot.b.one; bot.b.one imports bot.c.one; bot.c.one imports bot.a.one)"
    }


def test_the_shortest_circle_is_shown(tmp_path: Path) -> None:
    files = {"a.py": "import bot.b", "b.py": "import bot.c, bot.d", "c.py": "import bot.a", "d.py": "import bot.b"}
    assert circles(_tree(tmp_path, files))["bot"].startswith("b → d → b (")


def test_a_circle_through_the_package_itself_is_one(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"room/__init__.py": "from bot.room.one import x", "room/one.py": "from bot.room import y"})
    assert circles(tree)["bot.room"].startswith("__init__ → one → __init__ (")


def test_imports_that_point_down_make_no_circle(tmp_path: Path) -> None:
    files = {"a/one.py": "from bot.a import two\nimport bot.b.one, os", "a/two.py": "", "b/one.py": "from bot import c"}
    assert circles(_tree(tmp_path, files | {"c.py": ""})) == {}


def test_modules_of_one_name_are_found_in_their_layer_alone(tmp_path: Path) -> None:
    stops = ("chat/a/stop.py", "chat/b/stop.py", "services/stop.py")
    everywhere = ("chat/__main__.py", "chat/a/__main__.py", "chat/__init__.py", "chat/a/__init__.py")
    tree = _tree(tmp_path, dict.fromkeys((*stops, *everywhere), ""))
    assert rules.same_names(tree, "bot.chat") == {"stop": ["bot.chat.a.stop", "bot.chat.b.stop"]}
    assert rules.same_names(tree, "bot.services") == {}


def test_sizes_are_measured(tmp_path: Path) -> None:
    long = "def f():\n" + " 1\n" * 40
    files = {
        "big.py": "pass\n" * 301,
        "right.py": "pass\n" * 300,
        "f.py": long,
        "g.py": long.removesuffix(" 1\n"),
    }
    tree = _tree(tmp_path, files)
    assert rules.long_files(tree) == {"bot.big": "301 lines"}
    assert rules.long_functions(tree) == {"bot.f.f": "41 lines"}
    assert rules.full_folders(tree) == {}
    full = _tree(tmp_path, {f"room/{name}.py": "" for name in ("__init__", *map(str, range(16)))})
    assert rules.full_folders(full) == {"bot.room": "16 modules"}


def test_borrowing_from_a_test_is_found(tmp_path: Path) -> None:
    files = {
        "test_a.py": "X = 1",
        "conftest.py": "",
        "test_b.py": "from bot.test_a import X",
        "c.py": "import bot.conftest",
    }
    borrowed = rules.borrowed_from_tests(_tree(tmp_path, files))
    assert borrowed == ["bot.c imports bot.conftest", "bot.test_b imports bot.test_a"]
