import os
from pathlib import Path

import pytest

from tests.support.git import TOKEN, Repository, private
from tests.trainer.fetch.fetching import allow_files, fetched, library
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch.checkout import Source, fetch
from trainer.process.tools import Programs

__all__ = ["private"]
pytestmark = pytest.mark.slow


def test_exactly_the_commit_is_checked_out(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a.txt": "1"}, "The first\n\nwith a body")
    repository.commit({"a.txt": "2"})
    assert fetched(repository.url, first, tmp_path / "code") == "The first"
    assert (tmp_path / "code" / "a.txt").read_text() == "1"
    assert not list((tmp_path / "code" / ".git").glob("refs/remotes/*"))


def test_only_the_commit_is_fetched(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.txt": "1"})
    second = repository.commit({"a.txt": "2"})
    fetched(repository.url, second, tmp_path / "code")
    assert Repository(tmp_path / "code").git("rev-list", "--count", "HEAD") == "1"


def test_previous_content_of_the_folder_is_removed(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"a.txt": "1"})
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "old.txt").touch()
    fetched(repository.url, commit, tmp_path / "code")
    assert not (tmp_path / "code" / "old.txt").exists()


@pytest.mark.parametrize("repository_url", ["--upload-pack=touch pwned", "ext::sh -c 'touch pwned'"])
def test_address_is_never_an_option_or_a_command(repository_url: str, tmp_path: Path) -> None:
    with pytest.raises(Ended) as caught:
        fetched(repository_url, "a" * 40, tmp_path / "code")
    assert caught.value.trouble.code is ExitCode.REPOSITORY_UNREACHABLE
    assert not list(tmp_path.rglob("pwned"))


def test_branch_is_fetched_from_servers_without_single_commits(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a.txt": "1"}, "The first")
    repository.commit({"a.txt": "2"})
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--depth=1*) echo "error: Server does not allow request for unadvertised object" >&2; exit 1;; '
        'esac\nexec /usr/bin/git "$@"\n'
    )
    wrapper.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
        assert fetched(repository.url, first, tmp_path / "code", branch="main") == "The first"
        with pytest.raises(Ended, match="has no commit ffff"):
            fetched(repository.url, "f" * 40, tmp_path / "code", branch="main")


def test_relative_submodules_are_taken_from_beside_the_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_files(monkeypatch)
    library(tmp_path / "deep", {"deep.py": "x = 1"})
    middle = library(tmp_path / "middle", {"middle.py": "x = 2"})
    middle.git("submodule", "add", "--quiet", "../deep", "deep")
    middle.commit({})
    repository.git("submodule", "add", "--quiet", "../middle", "libs/middle")
    commit = repository.commit({})
    fetched(repository.url, commit, tmp_path / "code")
    assert (tmp_path / "code" / "libs" / "middle" / "deep" / "deep.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("git@127.0.0.1:team/lib.git", "The submodule libs/lib (git@127.0.0.1:team/lib.git)"),
        ("../missing", r"The submodule libs/lib (file://"),
    ],
)
def test_submodule_that_cannot_be_fetched_is_named(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, what: str
) -> None:
    allow_files(monkeypatch)
    monkeypatch.setenv("GIT_SSH_COMMAND", "echo 'git@127.0.0.1: Permission denied (publickey).' >&2; false")
    inner = library(tmp_path / "inner", {"net.py": "layers"})
    repository.git("submodule", "add", "--quiet", inner.url, "libs/lib")
    repository.git("config", "--file", ".gitmodules", "submodule.libs/lib.url", address)
    commit = repository.commit({})
    with pytest.raises(Ended) as caught:
        fetched(repository.url, commit, tmp_path / "code")
    assert caught.value.trouble.message.startswith(what)
    assert caught.value.trouble.code is ExitCode.REPOSITORY_UNREACHABLE


def test_missing_commit_of_a_submodule_is_not_the_repositorys(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_files(monkeypatch)
    inner = library(tmp_path / "inner", {"net.py": "layers"})
    repository.git("submodule", "add", "--quiet", inner.url, "lib")
    commit = repository.commit({})
    lost = Repository(repository.folder / "lib").git("rev-parse", "HEAD")
    inner.git("commit", "--quiet", "--amend", "--message", "Rewritten")
    inner.git("reflog", "expire", "--expire=now", "--all")
    inner.git("gc", "--quiet", "--prune=now")
    with pytest.raises(Ended) as caught:
        fetched(repository.url, commit, tmp_path / "code")
    assert caught.value.trouble.message == f"The submodule lib has no commit {lost}."


def test_submodule_named_by_ssh_is_fetched_with_the_token_over_https(
    private: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "echo 'git@127.0.0.1: Permission denied (publickey).' >&2; false")
    allow_files(monkeypatch)
    monkeypatch.setenv("GIT_TOKEN", TOKEN)
    inner = library(repository.folder.parent / "inner", {"net.py": "layers"})
    repository.git("submodule", "add", "--quiet", inner.url, "lib")
    repository.git("config", "--file", ".gitmodules", "submodule.lib.url", "git@127.0.0.1:inner/.git")
    commit = repository.commit({})
    fetched(private, commit, tmp_path / "code", token=TOKEN)
    assert (tmp_path / "code" / "lib" / "net.py").read_text() == "layers"
    assert not [p for p in (tmp_path / "code").rglob("*") if p.is_file() and TOKEN.encode() in p.read_bytes()]


def test_tags_and_history_come_on_request_and_without_files(repository: Repository, tmp_path: Path) -> None:
    for setting in ("allowAnySHA1InWant", "allowFilter"):
        repository.git("config", f"uploadpack.{setting}", "true")
    old = repository.commit({"a.txt": "1"})
    repository.git("tag", "v1.2.3")
    commit = repository.commit({"a.txt": "2"})
    fetch(Source(repository.url, commit, "main", "", tags=True), tmp_path / "code", Programs())
    code = Repository(tmp_path / "code")
    assert code.git("describe", "--tags").startswith("v1.2.3-1-g")
    missing = code.git("rev-list", "--objects", "--all", "--missing=print").splitlines()
    assert sum(line.startswith("?") for line in missing) == 1, f"the tree of {old}"


def test_submodules_are_checked_out(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allow_files(monkeypatch)
    inner = library(tmp_path / "inner", {"net.py": "layers"})
    repository.git("submodule", "add", "--quiet", inner.url, "nets")
    commit = repository.commit({})
    fetched(repository.url, commit, tmp_path / "code")
    assert (tmp_path / "code" / "nets" / "net.py").read_text() == "layers"


def test_private_repository_needs_the_token(
    private: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a.txt": "1"}, "Secret work")
    with pytest.raises(Ended, match=r"refused access .* A private one needs GIT_TOKEN"):
        fetched(private, commit, tmp_path / "code")
    monkeypatch.setenv("GIT_TOKEN", TOKEN)
    assert fetched(private, commit, tmp_path / "code", token=TOKEN) == "Secret work"
    assert not [
        path for path in (tmp_path / "code").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]


def test_wrong_token_is_reported_and_not_shown(
    private: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a.txt": "1"})
    monkeypatch.setenv("GIT_TOKEN", "wrong")
    with pytest.raises(Ended, match="Check that GIT_TOKEN may read it") as caught:
        fetched(private, commit, tmp_path / "code", token="wrong")
    assert "wrong" not in caught.value.trouble.message


def test_user_and_password_of_an_address_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(Ended, match=r"http://127\.0\.0\.1:1/x\.git can't be fetched") as caught:
        fetched("http://mika:p@ss@127.0.0.1:1/x.git", "0" * 40, tmp_path / "code")
    assert "mika" not in caught.value.trouble.message
    assert "ss@" not in caught.value.trouble.message
