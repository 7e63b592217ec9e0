"""`signalbox init` on small repositories: the section loads, and its commands run."""

import io
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.__main__ import app
from bot.config.loading import load
from bot.config.projects.project import project
from bot.errors import BadInput
from bot.init import repository as repositories
from bot.init.repository import Repository, https
from bot.init.run import run
from trainer.command_line import arguments

ROOT = Path(__file__).parents[3]
SCRIPT = """
import argparse

def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1, help="Step size of SGD")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--data-dir", default="data")
    parser.set_defaults(lr=0.2)
    return parser

if __name__ == "__main__":
    print(vars(options().parse_args()))
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "Robot Arm"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    (folder / "requirements.txt").write_text("numpy\n")
    for words in (["init", "-qb", "trunk"], ["remote", "add", "origin", "git@github.com:lab/robot-arm.git"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = (ROOT / "config.example.toml").read_text()
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def said(repo: Path, config: Path, *command: str, name: str = "") -> str:
    log = io.StringIO()
    run(repo, command, name, config, Console(file=log))
    return log.getvalue()


def test_the_section_loads_and_the_old_text_stays(repo: Path, config: Path) -> None:
    before = config.read_text()
    text = said(repo, config)
    assert config.read_text().startswith(before.rstrip())
    assert "Added [projects.robot-arm]" in text
    assert "Still to do" not in text
    added = project("robot-arm", load(config).projects["robot-arm"])
    assert added.repository == "https://github.com/lab/robot-arm.git"
    assert added.branches == ("trunk",)
    assert added.command == ("python", "train.py")
    assert added.install == "requirements.txt"
    assert [each.name for each in added.parameters] == ["lr", "batch_size", "optimizer", "amp"]
    assert added.parameters[0].default == 0.2  # set_defaults counts: the script's own parser was asked
    assert added.parameters[0].description == "Step size of SGD"
    assert "#   --data-dir  a place on the disk" in config.read_text()
    words = arguments(added.command, {"lr": 0.5, "batch_size": 8, "optimizer": "adam", "amp": True}, added.flags)
    done = subprocess.run([sys.executable, *words[1:]], cwd=repo, capture_output=True, text=True, check=True)
    assert "'lr': 0.5, 'batch_size': 8, 'optimizer': 'adam', 'amp': True" in done.stdout


def test_a_script_that_cannot_run_here_is_read_instead(repo: Path, config: Path) -> None:
    (repo / "train.py").write_text(f"import a_package_that_is_nowhere\n{SCRIPT}")
    assert "from the source of train.py, without running it" in said(repo, config)
    added = load(config).projects["robot-arm"]
    assert [*added.parameters] == ["lr", "batch_size", "optimizer", "amp"]


def test_arguments_of_an_imported_module_are_found(repo: Path, config: Path) -> None:
    (repo / "lab").mkdir()
    (repo / "lab" / "options.py").write_text(SCRIPT)
    (repo / "train.py").write_text("import nowhere\nfrom lab.options import options\nargs = options().parse_args()\n")
    said(repo, config, "python", "train.py")
    assert "batch_size" in load(config).projects["robot-arm"].parameters


def test_a_module_and_a_launcher_are_commands_too(repo: Path, config: Path) -> None:
    (repo / "lab").mkdir()
    (repo / "lab" / "__init__.py").touch()
    (repo / "lab" / "fit.py").write_text(SCRIPT)
    said(repo, config, "python", "-m", "lab.fit", name="module")
    said(repo, config, "torchrun", "--nproc_per_node=1", "train.py", name="launcher")
    projects = load(config).projects
    assert projects["module"].command == ("python", "-m", "lab.fit")
    assert projects["launcher"].command == ("torchrun", "--nproc_per_node=1", "train.py")
    assert [*projects["module"].parameters] == [*projects["launcher"].parameters]


def test_without_a_config_one_is_written(repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = said(repo, path)
    assert f"Wrote [projects.robot-arm] in {path}" in text
    assert tomllib.loads(path.read_text())["projects"]["robot-arm"]["parameters"]["lr"]["default"] == 0.2
    assert "config.example.toml" in path.read_text()


def test_a_script_that_never_parses_is_given_up(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repositories, "PROBE_SECONDS", 1.0)
    (repo / "train.py").write_text(f"import time\ntime.sleep(60)\n{SCRIPT}")
    found, how = Repository(repo).arguments(["python", "train.py"])
    assert "without running it" in how
    assert len(found) == 5


@pytest.mark.parametrize(
    ("command", "message"),
    [(["python", "fit.py"], "fit.py is not in"), (["make", "train"], "has no Python script")],
)
def test_a_command_without_a_script_is_refused(repo: Path, config: Path, command: list[str], message: str) -> None:
    before = config.read_text()
    with pytest.raises(BadInput, match=message) as caught:
        said(repo, config, *command)
    assert "train.py" in str(caught.value)
    assert config.read_text() == before


def test_a_project_is_not_written_twice(repo: Path, config: Path) -> None:
    said(repo, config)
    before = config.read_text()
    with pytest.raises(BadInput, match="already in"):
        said(repo, config)
    assert config.read_text() == before


def test_a_name_that_another_project_has_with_another_type_keeps_its_name(repo: Path, config: Path) -> None:
    other = SCRIPT.replace(
        '"--optimizer", choices=["sgd", "adam"], default="sgd"', '"--optimizer", type=int, default=1'
    )
    (repo / "train.py").write_text(other)
    text = said(repo, config)
    assert "Still to do" not in text
    added = load(config).projects["robot-arm"].parameters
    assert added["optimizer"].type == "int"


def test_all_parameters_are_written_and_the_usual_ones_have_options(repo: Path, config: Path) -> None:
    many = "".join(f'    parser.add_argument("--x{n}", type=int, default=1)\n' for n in range(30))
    (repo / "train.py").write_text(SCRIPT.replace("    parser.set_defaults", f"{many}    parser.set_defaults"))
    said(repo, config)
    added = load(config).projects["robot-arm"].parameters
    assert {f"x{n}" for n in range(30)} < added.keys()
    assert sum(each.option is None for each in added.values()) == 21
    assert added["lr"].option is None


def test_the_command_line_says_where_it_looked(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", "--folder", str(tmp_path), "python", "train.py", "--epochs", "3"])
    assert done.exit_code == 1
    assert "is no git repository" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("address", "as_https"),
    [
        ("git@github.com:lab/code.git", "https://github.com/lab/code.git"),
        ("ssh://git@github.com/lab/code.git", "https://github.com/lab/code.git"),
        ("ssh://git@git.lab.jp:2222/group/code.git", "https://git.lab.jp/group/code.git"),
        ("https://user:secret@github.com/lab/code", "https://github.com/lab/code"),
        ("https://github.com/lab/code.git", "https://github.com/lab/code.git"),
        ("", ""),
    ],
)
def test_addresses_become_https_without_credentials(address: str, as_https: str) -> None:
    assert https(address) == as_https


def test_a_repository_without_a_remote_says_what_is_to_be_done(repo: Path, config: Path) -> None:
    assert "no remote" not in said(repo, config)
    subprocess.run(["git", "remote", "remove", "origin"], cwd=repo, check=True)
    assert "It has no remote called origin" in said(repo, config, name="arm")


@pytest.mark.parametrize(
    "script",
    [
        "import click\n@click.command()\n@click.option('--lr', default=0.1)\ndef main(lr): pass\n",
        "import hydra\n@hydra.main(config_path='conf')\ndef main(cfg): pass\n",
        "from absl import app, flags\nflags.DEFINE_float('lr', 0.1, '')\n",
        "EPOCHS = 100\n",
    ],
    ids=["click", "Hydra", "absl", "no flags"],
)
def test_a_script_without_argparse_is_never_run(script: str, repo: Path, config: Path) -> None:
    """It would train to its end, in the folder of whoever only asked for a section."""
    (repo / "train.py").write_text(f"open('trained', 'w').close()\n{script}")
    text = said(repo, config, "python", "train.py")
    assert not (repo / "trained").exists()
    assert "which names no argparse and so was not run" in text
    assert "No argparse arguments were found" in text
    assert not load(config).projects["robot-arm"].parameters


def test_a_script_may_have_a_japanese_name(repo: Path, config: Path) -> None:
    (repo / "train.py").rename(repo / "\u5b66\u7fd2.py")
    assert "command: python \u5b66\u7fd2.py" in said(repo, config)
    assert "lr" in load(config).projects["robot-arm"].parameters


def test_a_module_may_be_below_src(repo: Path, config: Path) -> None:
    (repo / "src" / "lab").mkdir(parents=True)
    (repo / "src" / "lab" / "fit.py").write_text(SCRIPT)
    said(repo, config, "python", "-m", "lab.fit")
    assert "lr" in load(config).projects["robot-arm"].parameters
