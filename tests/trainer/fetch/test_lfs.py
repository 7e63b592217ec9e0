"""Files of Git LFS: fetched with the checkout, or named as missing."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.git import TOKEN, Repository, add_large_file, private
from tests.trainer.fetch.fetching import allow_files, fetched, library
from trainer.errors import Ended
from trainer.fetch.checkout import Source, fetch
from trainer.process.tools import Programs

__all__ = ["private"]
pytestmark = pytest.mark.slow

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 90405214\n"
LFS = {".gitattributes": "*.npy filter=lfs diff=lfs merge=lfs -text\n", "data/x.npy": POINTER, "small.npy": "plain"}


STAND_IN = """#!/bin/sh
for name in clean smudge process; do
  git config filter.lfs.$name | grep -q git-lfs || { echo "Skipping object checkout" >&2; exit 0; }
done
test "$1" = pull && git config remote.origin.url > data/x.npy
"""


def test_pointers_of_lfs_are_not_passed_off_as_data(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit(LFS)
    with pytest.raises(Ended, match=r"1 file \(data/x.npy\) can't be fetched from Git LFS") as caught:
        fetched(repository.url, commit, tmp_path / "code")
    assert "lfs = false" in caught.value.trouble.message


@pytest.fixture
def of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The filter as Debian's package of git-lfs sets it for all users, here with a program that fails."""
    settings = tmp_path / "gitconfig"
    settings.write_text('[filter "lfs"]\n process = false\n required = true\n clean = false\n smudge = false\n')
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(settings))


def test_pointers_in_a_submodule_are_noticed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_the_system: None
) -> None:
    allow_files(monkeypatch)
    inner = library(tmp_path / "inner", LFS)
    repository.git("submodule", "add", "--quiet", inner.url, "lib")
    with pytest.raises(Ended, match="Git LFS"):
        fetched(repository.url, repository.commit({}), tmp_path / "code")


def test_pointers_in_a_submodule_stay_if_lfs_is_off(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_the_system: None
) -> None:
    allow_files(monkeypatch)
    inner = library(tmp_path / "inner", LFS)
    repository.git("submodule", "add", "--quiet", inner.url, "lib")
    source = Source(repository.url, repository.commit({}), "", "", tags=False, lfs=False)
    fetch(source, tmp_path / "code", Programs())
    assert (tmp_path / "code" / "lib" / "data" / "x.npy").read_text() == POINTER


def test_pointers_stay_if_lfs_is_off(repository: Repository, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commit = repository.commit(LFS)
    fetch(Source(repository.url, commit, "", "", tags=False, lfs=False), tmp_path / "code", Programs())
    assert "1 file (data/x.npy) of Git LFS left as pointers, as `lfs` is off" in capfd.readouterr().out


def test_files_of_lfs_are_fetched(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git-lfs` here stands for the real one, which checks out only where its filter is set up, as it says itself."""
    commit = repository.commit(LFS)
    program = tmp_path / "bin" / "git-lfs"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    fetched(repository.url, commit, tmp_path / "code")
    assert (tmp_path / "code" / "data" / "x.npy").read_text().strip() == repository.url


DATA = bytes(range(256)) * 20
with_the_real_one = pytest.mark.skipif(
    not shutil.which("git-lfs"), reason="git-lfs is not installed: apt-get install git-lfs"
)


@with_the_real_one
def test_the_real_git_lfs_fetches_without_having_been_set_up(repository: Repository, tmp_path: Path) -> None:
    """From a folder it copies the objects by itself: git-lfs's docs/man/git-lfs-standalone-file.adoc."""
    commit = repository.commit({**LFS, "data/x.npy": add_large_file(repository, DATA)})
    fetched(repository.url, commit, tmp_path / "code")
    assert (tmp_path / "code" / "data" / "x.npy").read_bytes() == DATA


@with_the_real_one
def test_the_real_git_lfs_fetches_with_the_token(repository: Repository, private: str, tmp_path: Path) -> None:
    commit = repository.commit({**LFS, "data/x.npy": add_large_file(repository, DATA)})
    fetched(private, commit, tmp_path / "code", token=TOKEN)
    assert (tmp_path / "code" / "data" / "x.npy").read_bytes() == DATA
    written = [path for path in (tmp_path / "code" / ".git").rglob("*") if path.is_file()]
    assert [path for path in written if TOKEN.encode() in path.read_bytes()] == []
