"""Two layers have one name only if everything that they are made from is the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.fetch.install_key import EDITABLE, layer_key

FILES = {
    "requirements.txt": "numpy  # any\n-r reqs/base.txt\n--constraint=pins/all.txt\n./libs/mylib\n-f ./wheels\n",
    "reqs/base.txt": "scipy\n-r deeper.txt\nother @ file:./libs/other\n",
    "reqs/deeper.txt": "pandas\\\n>=2\n-c../pins/more.txt\n./tiny-1.0-py3-none-any.whl ; python_version > '3'\n",
    "pins/all.txt": "numpy==2\n",
    "pins/more.txt": "pandas==2\n",
    "libs/mylib/pyproject.toml": "[project]\nname = 'mylib'\n",
    "libs/mylib/src/mylib/__init__.py": "x = 1\n",
    "libs/other/setup.py": "setup()\n",
    "wheels/x.whl": "wheel",
    "tiny-1.0-py3-none-any.whl": "wheel",
    "train.py": "print()\n",
    "libs/mylib/__pycache__/x.pyc": "cache",
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return write(tmp_path / "code", FILES)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize("name", [name for name in FILES if name != "train.py" and "__pycache__" not in name])
def test_a_change_of_what_is_included_makes_another_layer(code: Path, name: str) -> None:
    before = layer_key("requirements.txt", code)
    (code / name).write_text(FILES[name] + "\n# changed\n")
    assert layer_key("requirements.txt", code) != before


@pytest.mark.parametrize("name", ["train.py", "libs/mylib/__pycache__/x.pyc"])
def test_a_change_of_anything_else_does_not(code: Path, name: str) -> None:
    before = layer_key("requirements.txt", code)
    (code / name).write_text("changed")
    assert layer_key("requirements.txt", code) == before


def test_another_checkout_of_the_same_files_has_the_same_layer(code: Path, tmp_path: Path) -> None:
    assert layer_key("requirements.txt", code) == layer_key("requirements.txt", write(tmp_path / "again", FILES))


@pytest.mark.parametrize("line", ["-e ./libs/mylib", "-e./libs/mylib", "--editable=./libs/mylib", "-e 'libs/mylib'"])
def test_editable_package_belongs_to_its_checkout(tmp_path: Path, line: str) -> None:
    files = {"requirements.txt": line + "\n", "libs/mylib/setup.py": "setup()\n", "libs/mylib/x.py": "1"}
    one, other = write(tmp_path / "one", files), write(tmp_path / "other", files)
    before = layer_key("requirements.txt", one)
    assert before != layer_key("requirements.txt", other)
    (one / "libs/mylib/x.py").write_text("2")
    assert layer_key("requirements.txt", one) == before
    (one / "libs/mylib/setup.py").write_text("setup(1)\n")
    assert layer_key("requirements.txt", one) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda code: (code / "deps.in").write_text("numpy"),
        lambda code: (code / "more.txt").write_text("numpy"),
        lambda code: (code / "setup.cfg").write_text("[x]"),
    ],
)
def test_editable_repository_depends_on_its_dynamic_requirements(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    project = '[tool.setuptools.dynamic]\ndependencies = {file = ["deps.in"]}\n'
    project += 'optional-dependencies.more = {file = "more.txt"}\n'
    code = write(tmp_path, {"pyproject.toml": project, "deps.in": "", "more.txt": "", "setup.cfg": ""})
    before = layer_key(EDITABLE, code)
    change(code)
    assert layer_key(EDITABLE, code) != before


@pytest.mark.parametrize(
    "line", ["git+https://x/y.git@main", "https://x/y.whl", "'", "torch[all]", "-r missing.txt", "-r"]
)
def test_other_lines_are_read_over(tmp_path: Path, line: str) -> None:
    assert layer_key("requirements.txt", write(tmp_path, {"requirements.txt": line + "\n"}))


def test_files_that_include_each_other(tmp_path: Path) -> None:
    assert layer_key("a.txt", write(tmp_path, {"a.txt": "-r b.txt\n", "b.txt": "-r a.txt\n"}))
