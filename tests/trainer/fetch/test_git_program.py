"""Who gets the token, and which commands: taking out a guard turns one of these red."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from trainer.fetch.git_program import Git, Source
from trainer.process.tools import Output, Programs

TOKEN = "token-of-a-private-repository"


class Spy(Programs):
    """Runs nothing and remembers its arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def run(self, arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, **_: Any) -> Output:
        self.seen.append((arguments, environment or {}))
        return Output(0, "", "")


def _asked(repository: str, *, remote: bool, token: str = TOKEN) -> tuple[str, Mapping[str, str]]:
    spy = Spy()
    git = Git(Source(repository, "a" * 40, "", token), Path(), spy)
    git.output("fetch", remote=remote)
    words, environment = spy.seen[-1]
    assert TOKEN not in " ".join(words)
    return " ".join(words), environment


@pytest.mark.parametrize(
    "repository",
    [
        "https://example.org/team/x.git",
        "https://example.org:8443/x.git",
        "https://mika@example.org/x.git",
        "http://127.0.0.1:3000/x.git",
        "http://localhost/x.git",
        "http://[::1]:3000/x.git",
    ],
)
def test_the_repositorys_own_host_gets_the_token(repository: str) -> None:
    words, environment = _asked(repository, remote=True)
    assert environment["GIT_TOKEN"] == TOKEN
    scheme, _, rest = repository.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    assert f"-c credential.{scheme}://{host}.helper=!f()" in words
    assert words.count(".helper=") == 2


@pytest.mark.parametrize(
    "repository",
    [
        "http://example.org/x.git",
        "http://127.0.0.1.example.org/x.git",
        "http://localhost.example.org/x.git",
        "http://example.org@10.0.0.1/x.git",
        "ssh://git@example.org/x.git",
        "git@example.org:x.git",
        "git://example.org/x.git",
        "file:///srv/x.git",
        "/srv/x.git",
        "ftp://example.org/x.git",
    ],
)
def test_nobody_gets_the_token_unencrypted_or_by_another_way(repository: str) -> None:
    words, environment = _asked(repository, remote=True)
    assert "GIT_TOKEN" not in environment
    assert "helper=" not in words


def test_only_commands_that_reach_the_server_get_the_token() -> None:
    words, environment = _asked("https://example.org/x.git", remote=False)
    assert "GIT_TOKEN" not in environment
    assert "helper=" not in words


def test_no_command_gets_the_roles_credentials_or_runs_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_SECRET_ACCESS_KEY", "JOB_KEY", "GIT_TOKEN"):
        monkeypatch.setenv(name, "secret")
    for remote in (True, False):
        words, environment = _asked("https://example.org/x.git", remote=remote)
        assert "secret" not in environment.values()
        for setting in ("core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.ext.allow=never"):
            assert f"-c {setting}" in words


def test_filters_are_off_while_there_is_a_token() -> None:
    off = "-c filter.lfs.smudge= -c filter.lfs.clean= -c filter.lfs.process= -c filter.lfs.required=false"
    assert off in _asked("https://example.org/x.git", remote=True)[0]
    assert "filter." not in _asked("https://example.org/x.git", remote=True, token="")[0]


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Source("https://example.org/x.git", "a" * 40, "", TOKEN))
