"""The sandbox's repository: its history, and what its commits do."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.sandbox.repository import TRAINING, Repository, create
from tests.support.git import git

REPORT = 'import json\ndef report(**row): print("@metrics", json.dumps(row), flush=True)\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("repository") / "repository.git"


@pytest.fixture(scope="module")
def repository(folder: Path) -> Repository:
    return create(folder)


def test_repository_is_the_same_every_time(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    again = create(tmp_path / "again.git")
    assert again.branches == repository.branches
    assert again.tags == repository.tags


def test_branches_match_git(repository: Repository) -> None:
    listed = git(Path.cwd(), "ls-remote", repository.url)
    heads = {name: sha for sha, name in re.findall(r"(\w{40})\trefs/heads/(\S+)", listed)}
    assert heads == repository.branches
    assert set(heads) == {"main", "wider-net", "broken-loader", "slow-cooker"}
    assert f"{repository.tags['v1.0']}\trefs/tags/v1.0^{{}}" in listed


def test_every_branch_starts_from_main(repository: Repository, folder: Path) -> None:
    for branch, head in repository.branches.items():
        ahead = git(folder, "rev-list", "--count", f"main..{head}")
        assert ahead == ("0" if branch == "main" else "1")
    assert git(folder, "rev-list", "--count", "main") == "4"
    assert git(folder, "merge-base", "main", "v1.0^{commit}") == repository.tags["v1.0"]


def test_commit_subjects_are_distinct_and_short(folder: Path) -> None:
    subjects = git(folder, "log", "--all", "--format=%s").splitlines()
    assert len(subjects) == len(set(subjects)) == 7
    assert all(10 < len(subject) <= 72 for subject in subjects)


def test_any_commit_can_be_fetched_by_its_full_id(repository: Repository, folder: Path, tmp_path: Path) -> None:
    first = git(folder, "rev-list", "--max-parents=0", "main")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "fetch", "--quiet", "--depth=1", "--filter=tree:0", repository.url, first)
    assert git(tmp_path, "rev-parse", "FETCH_HEAD") == first


def test_existing_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("here")
    with pytest.raises(FileExistsError, match="mine"):
        create(tmp_path / "mine")


def test_training_is_python_with_the_sandboxs_flags() -> None:
    for source in TRAINING.rglob("*.py"):
        ast.parse(source.read_text())
    flags = re.findall(r'"--(\w+)"', (TRAINING / "main/train.py").read_text())
    assert flags == ["lr", "momentum", "epochs", "seed"]


class Run:
    """Train one commit with a `trainer` that only prints."""

    def __init__(self, folder: Path, repository: Repository, commit: str, *arguments: str) -> None:
        git(folder, "clone", "--quiet", repository.url, "code")
        git(folder / "code", "checkout", "--quiet", commit)
        (folder / "trainer.py").write_text(REPORT)
        environment = {**os.environ, "PYTHONPATH": str(folder), "OUTPUT_DIR": str(folder), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "train.py", *arguments]
        done = subprocess.run(
            command, cwd=folder / "code", env=environment, check=False, capture_output=True, text=True
        )
        self.exit_code, self.errors = done.returncode, done.stderr
        self.lines = [line for line in done.stdout.splitlines() if not line.startswith("@metrics ")]
        self.rows = [ast.literal_eval(line[9:]) for line in done.stdout.splitlines() if line.startswith("@metrics ")]


@pytest.mark.slow
def test_main_learns_to_read_digits(repository: Repository, tmp_path: Path) -> None:
    run = Run(tmp_path, repository, "origin/main", "--lr", "0.1", "--epochs", "6")
    assert (run.exit_code, run.errors) == (0, "")
    assert [row["epoch"] for row in run.rows] == [1, 2, 3, 4, 5, 6]
    assert set(run.rows[0]) == {"epoch", "epochs", "train_loss", "val_loss", "val_accuracy"}
    assert run.rows[-1]["val_accuracy"] > 85
    assert run.rows[-1]["train_loss"] < run.rows[0]["train_loss"] / 5
    assert "net 16-32-64, 25,866 weights; lr 0.1, momentum 0.5, 6 epochs" in run.lines
    assert (tmp_path / "model.pt").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.parametrize(("commit", "net"), [("v1.0", "8-16-32"), ("origin/wider-net", "32-64-128")])
def test_commit_decides_the_net(repository: Repository, tmp_path: Path, commit: str, net: str) -> None:
    run = Run(tmp_path, repository, commit, "--epochs", "1")
    assert run.exit_code == 0
    assert run.lines[1].startswith(f"net {net}, ")


@pytest.mark.slow
def test_broken_loader_fails_in_the_third_epoch(repository: Repository, tmp_path: Path) -> None:
    run = Run(tmp_path, repository, "origin/broken-loader", "--epochs", "5")
    assert (run.exit_code, len(run.rows)) == (1, 2)
    assert run.lines[-1] == "cutting the margins off from epoch 3 on"
    assert run.errors.splitlines()[-1].startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")


@pytest.mark.slow
def test_slow_cooker_is_slow(repository: Repository, tmp_path: Path) -> None:
    run = Run(tmp_path, repository, "origin/slow-cooker", "--epochs", "0")
    assert run.exit_code == 0
    assert "cool_down_seconds = 2" in (tmp_path / "code/settings.toml").read_text()
