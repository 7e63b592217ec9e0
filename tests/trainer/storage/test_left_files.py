"""Which files of a checkout and of OUTPUT_DIR are found."""

import os
from pathlib import Path

import pytest

from tests.support.git import Repository
from trainer.keep_patterns import DEFAULT_KEEP, Patterns
from trainer.process.tools import Programs
from trainer.storage.left_files import CheckoutTree, OutputTree


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "code"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit({"train.py": "print()\n", "results.csv": "epoch\n", "data/list.txt": "1\n"})
    return made


@pytest.fixture
def code(repository: Repository, tmp_path: Path) -> Path:
    return tmp_path / "code"


def tree(code: Path, keep: tuple[str, ...] = DEFAULT_KEEP) -> CheckoutTree:
    made = CheckoutTree(code, code / "output", Patterns(keep), Programs())
    made.begin()
    return made


def write(path: Path, content: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_new_and_changed_files_are_found(code: Path) -> None:
    found = tree(code)
    for name in (
        "model.pt",
        "runs/1/events.out.tfevents.1",
        "lightning_logs/version_0/hparams.yaml",
        ".hydra/config.yaml",
    ):
        write(code / name)
    write(code / "results.csv", "epoch\n1\n")
    assert sorted(file.name for file in found.find().files) == [
        ".hydra/config.yaml",
        "lightning_logs/version_0/hparams.yaml",
        "model.pt",
        "results.csv",
        "runs/1/events.out.tfevents.1",
    ]


def test_files_of_the_commit_that_are_only_touched_are_not_found(code: Path) -> None:
    found = tree(code)
    write(code / "train.py", "print()\n")
    os.utime(code / "results.csv")
    write(code / "data/list.txt", "1\n")
    result = found.find()
    assert (result.files, result.left_out) == ([], {})


def test_files_of_a_submodule_that_are_only_touched_are_not_found(
    code: Path, repository: Repository, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    other = Repository(library)
    other.git("init", "--quiet", "--initial-branch=main")
    other.commit({"data.py": "x = 1\n"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(library), "library")
    repository.commit({})
    found = tree(code)
    write(code / "library" / "data.py", "x = 1\n")
    write(code / "library" / "weights.pt")
    assert [file.name for file in found.find().files] == ["library/weights.pt"]


def test_caches_secrets_and_what_keep_leaves_out_are_not_found(code: Path) -> None:
    found = tree(code)
    for name in ("__pycache__/x.pyc", "venv/pyvenv.cfg", "venv/lib/x.py", ".hidden", "core.12", "output/inside.txt"):
        write(code / name)
    for name in (".env", "sub/server.pem", ".aws/config", "data/mnist.npz", "datasets/coco/1.jpg"):
        write(code / name)
    result = found.find()
    assert [file.name for file in result.files] == []
    assert result.left_out == {
        ".aws/": "it may hold secrets",
        ".env": "it may hold secrets",
        "data/": "`keep` leaves it out",
        "datasets/": "`keep` leaves it out",
        "sub/server.pem": "it may hold secrets",
    }


def test_links_in_the_checkout(code: Path, tmp_path: Path) -> None:
    found = tree(code)
    write(tmp_path / "elsewhere.npz")
    write(tmp_path / ".ssh" / "config")
    write(code / "checkpoints" / "epoch=3.ckpt", "weights")
    (code / "last.ckpt").symlink_to("checkpoints/epoch=3.ckpt")
    (code / "latest").symlink_to("checkpoints")
    (code / "data.npz").symlink_to(tmp_path / "elsewhere.npz")
    (code / "notes").symlink_to(tmp_path / ".ssh" / "config")
    (code / "circle").symlink_to("circle")
    (code / "broken").symlink_to("missing")
    result = found.find()
    assert {file.name: file.size for file in result.files} == {"checkpoints/epoch=3.ckpt": 7, "last.ckpt": 7}
    assert result.left_out == {
        "data.npz": "it is a link to a file outside the repository",
        "notes": "it may hold secrets",
    }


def test_links_in_output_dir_are_stored_or_lost_with_a_reason(tmp_path: Path) -> None:
    output = tmp_path / "output"
    write(output / "epoch=3.ckpt", "weights")
    write(tmp_path / "scratch" / "model.pt", "model")
    write(output / "runs" / "1" / "x")
    for name, target in (
        ("model.pt", "epoch=3.ckpt"),
        ("scratch.pt", str(tmp_path / "scratch" / "model.pt")),
        ("latest", "runs/1"),
        ("far", str(tmp_path / "scratch")),
        ("broken", "missing"),
        ("circle", "circle"),
    ):
        (output / name).symlink_to(target)
    found = OutputTree(output).find()
    assert sorted((file.name, file.size) for file in found.files) == [
        ("epoch=3.ckpt", 7),
        ("model.pt", 7),
        ("runs/1/x", 1),
        ("scratch.pt", 5),
    ]
    assert {name: reason.split(", which")[1] for name, reason in found.lost.items()} == {
        "far": " is outside OUTPUT_DIR",
        "broken": " does not exist",
        "circle": " does not exist",
    }


def test_name_in_latin_1_is_read_as_such(tmp_path: Path) -> None:
    write(tmp_path / "caf\udce9" / "r\udce9sultat.csv")
    assert [file.name for file in OutputTree(tmp_path).find().files] == ["café/résultat.csv"]


def test_unreadable_folder_is_lost_and_the_others_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "closed" / "x")
    write(tmp_path / "open" / "y")
    scandir = os.scandir

    def deny(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("trainer.storage.left_files.os.scandir", deny)
    found = OutputTree(tmp_path).find()
    assert [file.name for file in found.files] == ["open/y"]
    assert found.lost == {"closed/": "Permission denied"}


def test_pipes_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert OutputTree(tmp_path).find().files == []
