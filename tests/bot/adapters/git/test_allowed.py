"""The bot's copy of a repository has the allowed branches and nothing else."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.git import remote as remote_module
from bot.adapters.git.advertised import branches, tags
from bot.adapters.git.code_source import GitCode
from bot.adapters.git.git_command import run_git
from bot.adapters.git.git_limits import GitLimits
from bot.adapters.git.mirror import folder_of
from bot.errors import BadInput, Missing, Refused
from tests.bot.adapters.git.http_backend import HttpBackend
from tests.bot.adapters.git.remote import Remote
from tests.bot.adapters.vendor import Vendor

pytestmark = pytest.mark.slow


def objects_of(cache: Path) -> set[str]:
    """The ids of everything in the only mirror."""
    (folder,) = cache.glob("*.git")
    command = ["git", "--git-dir", str(folder), "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def refs_of(cache: Path) -> list[str]:
    (folder,) = cache.glob("*.git")
    command = ["git", "--git-dir", str(folder), "for-each-ref", "--format=%(refname)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize(
    ("pattern", "fetched"),
    [
        ("main", {"main"}),
        ("release/*", {"release/1/hotfix", "release/2"}),
        ("rel*/2", {"release/2"}),
        ("*a*e/*", {"release/1/hotfix", "release/2"}),
        ("wi?", {"wip"}),
        ("[mw]*", {"main", "wip"}),
        ("[!mrs]*", {"wip"}),
        ("*", {"main", "release/1/hotfix", "release/2", "wip", "secret"}),
    ],
)
async def test_a_pattern_fetches_what_it_matches(
    remote: Remote, code: GitCode, tmp_path: Path, pattern: str, fetched: set[str]
) -> None:
    """Also one that git itself can't express."""
    names = ("main", "release/1/hotfix", "release/2", "wip", "secret")
    base = remote.commit("main")
    heads = {name: remote.commit(name, onto=base) for name in names}
    remote.git("tag", "-a", "-m", "secret", "v1", heads["secret"])
    assert set(await code.branches(remote.url, [pattern])) == fetched
    assert objects_of(tmp_path / "cache") == {base} | {heads[name] for name in fetched}
    for name in heads.keys() - fetched:
        with pytest.raises(BadInput, match="is not on"):
            await code.resolve(remote.url, [pattern], commit=heads[name])


async def test_tags_are_resolved_and_never_fetched(remote: Remote, code: GitCode, tmp_path: Path) -> None:
    sha = remote.commit("main")
    remote.git("tag", "-a", "-m", "an annotation", "v1", sha)
    remote.commit("main")
    assert (await code.resolve(remote.url, ["main"], commit="v1")).sha == sha
    assert remote.git("rev-parse", "v1") not in objects_of(tmp_path / "cache")


async def test_a_full_id_needs_no_list_of_the_tags(
    remote: Remote, code: GitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    async def run(arguments: Sequence[str], **options: Any) -> bytes:
        asked.append(arguments)
        return await run_git(arguments, **options)

    monkeypatch.setattr(remote_module, "run_git", run)
    sha = remote.commit("main")
    await code.resolve(remote.url, ["main"], commit=sha)
    assert not any("--tags" in arguments for arguments in asked)
    await code.resolve(remote.url, ["main"], commit=sha[:8])
    assert any("--tags" in arguments for arguments in asked)


async def test_nothing_is_fetched_while_nothing_has_changed(
    remote: Remote, code: GitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.commit("main")
    await code.resolve(remote.url, ["main"])
    monkeypatch.setattr(remote_module, "_FETCH", ("no-such-command",))
    remote.commit("secret")
    await code.resolve(remote.url, ["main"])


async def test_two_projects_of_one_repository_share_a_copy(remote: Remote, tmp_path: Path) -> None:
    main, release, secret = (remote.commit(name) for name in ("main", "release/1", "secret"))
    known = {remote.url: ("main", "release/*")}
    for _ in range(2):
        async with GitCode(tmp_path / "cache", known) as code:
            assert (await code.resolve(remote.url, ["main"])).sha == main
            assert await code.branches(remote.url, ["main"]) == ["main"]
            assert await code.branches(remote.url, ["release/*"]) == ["release/1"]
            with pytest.raises(BadInput, match="is not on main"):
                await code.resolve(remote.url, ["main"], commit=release)
            assert objects_of(tmp_path / "cache") == {main, release}
    assert secret not in objects_of(tmp_path / "cache")


async def test_a_pattern_that_leaves_the_config_takes_its_commits_along(remote: Remote, tmp_path: Path) -> None:
    main, release = remote.commit("main"), remote.commit("release/1")
    async with GitCode(tmp_path / "cache", {remote.url: ("main", "release/*")}) as code:
        await code.resolve(remote.url, ["main"])
    assert release in objects_of(tmp_path / "cache")
    async with GitCode(tmp_path / "cache", {remote.url: ("main",)}) as code:
        await code.resolve(remote.url, ["main"])
        assert objects_of(tmp_path / "cache") == {main}


class TestEarlierVersion:
    """Its mirrors have all branches and tags, under their own names."""

    @pytest.fixture
    def cache(self, remote: Remote, tmp_path: Path) -> Path:
        self.main, self.secret = remote.commit("main"), remote.commit("secret")
        remote.git("tag", "-a", "-m", "secret", "v1", self.secret)
        folder = folder_of(remote.url, tmp_path / "cache")
        folder.parent.mkdir()
        refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        for words in (
            ["init", "--quiet", "--bare", "--template=", str(folder)],
            ["--git-dir", str(folder), "config", "remote.origin.url", remote.url],
            [
                "--git-dir",
                str(folder),
                "fetch",
                "--quiet",
                "--prune",
                "--force",
                "--filter=tree:0",
                "origin",
                *refspecs,
            ],
        ):
            subprocess.run(["git", *words], check=True)
        assert self.secret in objects_of(folder.parent)
        return folder.parent

    async def test_works_and_loses_what_is_not_allowed(self, remote: Remote, cache: Path) -> None:
        async with GitCode(cache, {remote.url: ("main",)}) as code:
            assert (await code.resolve(remote.url, ["main"])).sha == self.main
            with pytest.raises(BadInput):
                await code.resolve(remote.url, ["main"], commit=self.secret)
        assert objects_of(cache) == {self.main}
        assert refs_of(cache) == [f"refs/tips/{self.main}"]

    async def test_stays_while_the_server_is_gone(self, remote: Remote, cache: Path) -> None:
        remote.path.rename(remote.path.with_name("away"))
        async with GitCode(cache, {remote.url: ("main",)}) as code:
            with pytest.raises(Missing):
                await code.resolve(remote.url, ["main"])
            assert self.main in objects_of(cache)
            remote.path.with_name("away").rename(remote.path)
            assert (await code.resolve(remote.url, ["main"])).sha == self.main


class TestLeftovers:
    async def test_of_killed_fetches_and_former_repositories_are_removed(self, tmp_path: Path) -> None:
        for name in ("new-old", "new-young", "former.git"):
            (tmp_path / name).mkdir()
        os.utime(tmp_path / "new-old", (1, 1))
        async with GitCode(tmp_path, {"https://example.org/x.git": ("main",)}):
            assert [path.name for path in tmp_path.iterdir()] == ["new-young"]

    async def test_nothing_is_removed_where_no_repository_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "some.git").mkdir()
        async with GitCode(tmp_path):
            assert (tmp_path / "some.git").exists()


class TestServers:
    async def test_gits_own_over_http(self, vendor: Vendor, remote: Remote, code: GitCode, tmp_path: Path) -> None:
        vendor.answers_with(HttpBackend(remote.path.parent).answer)
        url = f"{vendor.url}/remote.git"
        main, secret = remote.commit("main"), remote.commit("secret")
        assert (await code.resolve(url, ["main"])).sha == main
        newer = remote.commit("main")
        assert (await code.resolve(url, ["main"])).sha == newer
        assert objects_of(tmp_path / "cache") == {main, newer}
        with pytest.raises(BadInput):
            await code.resolve(url, ["main"], commit=secret)

    async def test_a_shallow_one_gives_the_history_that_it_has(self, remote: Remote, tmp_path: Path) -> None:
        """With git's defaults, each missing commit would start a fetch that misses it, too."""
        commits = [remote.commit("main") for _ in range(4)]
        shallow = tmp_path / "shallow.git"
        remote.git("clone", "--quiet", "--bare", "--depth=2", remote.url, str(shallow))
        async with GitCode(tmp_path / "cache", limits=GitLimits(first_fetch_seconds=10)) as code:
            listed = await code.commits(shallow.as_uri(), ["main"])
            assert [commit.sha for commit in listed] == commits[:1:-1]
            assert (await code.resolve(shallow.as_uri(), ["main"], commit=commits[2])).sha == commits[2]

    async def test_one_of_the_old_protocol_whose_branch_moves_meanwhile(
        self, remote: Remote, code: GitCode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It gives out what it lists alone, so the list is asked for again."""
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.version")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "0")
        remote.git("config", "uploadpack.allowAnySHA1InWant", "false")
        remote.commit("main")
        pushed: list[str] = []

        async def run(arguments: Sequence[str], **options: Any) -> bytes:
            answer = await run_git(arguments, **options)
            if "ls-remote" in arguments and not pushed:
                remote.delete("main")
                pushed.append(remote.commit("main"))
            return answer

        monkeypatch.setattr(remote_module, "run_git", run)
        assert (await code.resolve(remote.url, ["main"])).sha == pushed[0]


class TestListing:
    SHA = "12" * 20

    def test_names_that_git_refuses_are_left_out(self) -> None:
        names = ["a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/", "a//b", "a.lock", "a.lock/b"]
        names += [".a", "b/.a", "a.", "a@{b", "-a", "a\x7f", "a\tb", "ok"]
        listing = "".join(f"{self.SHA}\trefs/heads/{name}\n" for name in names).encode()
        found = branches(listing + b"junk\nxyz\trefs/heads/a\n" + self.SHA.encode() + b"\trefs/tags/t\n", ["*"])
        assert set(found.heads) == {"ok"}
        for name in names[:-1]:
            checked = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode
            assert checked == 1 or name.startswith("-"), name

    def test_a_tag_is_what_it_finally_points_to(self) -> None:
        other = "34" * 20
        listing = f"{self.SHA}\trefs/tags/v1\n{other}\trefs/tags/v1^{{}}\n{self.SHA}\trefs/tags/light\n".encode()
        assert tags(listing) == {"v1": other, "light": self.SHA}


async def test_git_that_is_not_installed_is_said(
    code: GitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(Refused, match="Install git on the bot's machine"):
        await code.resolve("https://example.org/x.git", ["main"])
