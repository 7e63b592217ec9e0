"""What a server or a push may take of the bot's machine: a refusal names the limit, and what was there still works."""

import asyncio
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.adapters.git import git_command, mirror
from bot.adapters.git.code_source import GitCode
from bot.adapters.git.git_command import size_of
from bot.adapters.git.git_limits import DISK_RESERVE, MIB, GitLimits
from bot.errors import Refused, Unavailable
from tests.bot.adapters.git.hostile import MOST, Hostile, endless_branches, endless_remarks
from tests.bot.adapters.git.remote import EMPTY_TREE, Remote
from tests.bot.adapters.vendor import Vendor
from tests.support.clock import Clock

pytestmark = pytest.mark.slow

SMALL = GitLimits(fetch_mib=2, copy_mib=4, first_fetch_seconds=100)


def push_file(remote: Remote, content: bytes, branch: str = "main") -> str:
    """A commit with one file."""
    blob = remote.git("hash-object", "-w", "--stdin", given=content)
    tree = remote.git("mktree", given=f"100644 blob {blob}\tdata\n".encode())
    head = remote.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
    remote.made += 1
    sha = remote.git("commit-tree", tree, *(["-p", head] if head else []), "-m", f"commit {remote.made}")
    remote.git("update-ref", f"refs/heads/{branch}", sha)
    return sha


class TestServer:
    @pytest.mark.parametrize("watched", [True, False], ids=["by the watch", "by the system"])
    async def test_that_sends_a_pack_without_end(
        self, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watched: bool
    ) -> None:
        monkeypatch.setattr(git_command, "_LOOK_SECONDS", 0.01 if watched else 1000)
        if watched:  # without the system's own limit
            monkeypatch.setattr(git_command, "_BLOCK", 0.001)
        server = Hostile()
        vendor.answers_with(server.answer)
        async with GitCode(tmp_path / "cache", limits=SMALL) as code:
            with pytest.raises(Refused, match=r"more than 2 MiB \(`git\.fetch_mib`\)"):
                await code.resolve(f"{vendor.url}/x.git", ["main"])
        assert server.sent < MOST
        assert not list((tmp_path / "cache").iterdir())

    async def test_that_lists_branches_without_end(self, vendor: Vendor, tmp_path: Path) -> None:
        vendor.answers_with(Hostile(branches=endless_branches).answer)
        async with GitCode(tmp_path / "cache", limits=GitLimits(memory_mib=48)) as code:
            with pytest.raises(Refused, match=r"names of its branches and tags .*`git\.listing_mib`"):
                await code.resolve(f"{vendor.url}/x.git", ["main"])

    async def test_that_remarks_without_end(self, vendor: Vendor, tmp_path: Path) -> None:
        server = Hostile(pack=endless_remarks)
        vendor.answers_with(server.answer)
        async with GitCode(tmp_path / "cache", limits=GitLimits(first_fetch_seconds=1.5)) as code:
            with pytest.raises(Unavailable, match=r"longer than 1\.5 s .*`git\.first_fetch_seconds`"):
                await code.resolve(f"{vendor.url}/x.git", ["main"])
        assert server.sent > git_command._MOST_STDERR  # and none of it is kept beyond that
        assert not list((tmp_path / "cache").iterdir())


async def test_of_remarks_the_end_is_kept() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"x" * 10 * MIB + b"fatal: the reason")
    stream.feed_eof()
    kept = await git_command._end_of(stream)
    assert len(kept) == git_command._MOST_STDERR
    assert kept.endswith(b"fatal: the reason")


class TestPush:
    async def test_of_files_that_a_server_cannot_filter(self, remote: Remote, tmp_path: Path) -> None:
        remote.git("config", "uploadpack.allowFilter", "false")
        first = remote.commit("main")
        clock = Clock()
        async with GitCode(tmp_path / "cache", limits=SMALL, now=clock) as code:
            await code.resolve(remote.url, ["main"])
            large = push_file(remote, os.urandom(3 * MIB))
            for _ in range(2):
                with pytest.raises(Refused, match=r"2 MiB \(`git\.fetch_mib`\).*uploadpack\.allowFilter"):
                    await code.resolve(remote.url, ["main"])
            assert [commit.sha for commit in await code.commits(remote.url, ["main"])] == [first]
            assert size_of(tmp_path / "cache") < MIB
            remote.git("update-ref", "refs/heads/main", first)
            assert (await code.resolve(remote.url, ["main"])).sha == first
            remote.git("config", "uploadpack.allowFilter", "true")
            remote.git("update-ref", "refs/heads/main", large)
            clock.tick(3600)
            assert (await code.resolve(remote.url, ["main"])).sha == large

    async def test_of_a_huge_file_costs_nothing_where_the_server_filters(self, remote: Remote, tmp_path: Path) -> None:
        sha = push_file(remote, os.urandom(8 * MIB))
        async with GitCode(tmp_path / "cache", limits=SMALL) as code:
            assert (await code.resolve(remote.url, ["main"])).sha == sha
        assert size_of(tmp_path / "cache") < MIB

    async def test_what_was_refused_is_not_fetched_again_at_once(self, remote: Remote, tmp_path: Path) -> None:
        remote.git("config", "uploadpack.allowFilter", "false")
        push_file(remote, os.urandom(3 * MIB))
        clock = Clock()
        async with GitCode(tmp_path / "cache", limits=SMALL, now=clock) as code:
            with pytest.raises(Refused):
                await code.resolve(remote.url, ["main"])
            remote.git("config", "uploadpack.allowFilter", "true")
            with pytest.raises(Refused):
                await code.resolve(remote.url, ["main"])
            clock.tick(601)
            await code.resolve(remote.url, ["main"])

    async def test_again_and_again_of_what_is_replaced(self, remote: Remote, tmp_path: Path) -> None:
        """git keeps what no branch needs any more; a copy that is full is made anew."""
        remote.git("config", "uploadpack.allowFilter", "false")
        async with GitCode(tmp_path / "cache", limits=GitLimits(fetch_mib=3, copy_mib=4)) as code:
            for _ in range(5):
                remote.delete("main")
                sha = push_file(remote, os.urandom(3 * MIB // 2))
                assert (await code.resolve(remote.url, ["main"])).sha == sha
                assert size_of(tmp_path / "cache") < 4 * MIB

    async def test_of_more_than_a_copy_may_hold(self, remote: Remote, tmp_path: Path) -> None:
        remote.git("config", "uploadpack.allowFilter", "false")
        async with GitCode(tmp_path / "cache", limits=SMALL) as code:
            first = push_file(remote, os.urandom(3 * MIB // 2))
            await code.resolve(remote.url, ["main"])
            push_file(remote, os.urandom(3 * MIB // 2))
            await code.resolve(remote.url, ["main"])
            push_file(remote, os.urandom(3 * MIB // 2))
            with pytest.raises(Refused, match=r"`git\.(copy|fetch)_mib`"):
                await code.resolve(remote.url, ["main"])
            assert first in [commit.sha for commit in await code.commits(remote.url, ["main"])]

    async def test_of_a_message_that_needs_too_much_memory(self, remote: Remote, tmp_path: Path) -> None:
        """A pack bomb: 40 KiB on the way, 40 MiB in memory."""
        sha = remote.git("commit-tree", EMPTY_TREE, "-F", "-", given=b"x" * 40 * MIB)
        remote.git("update-ref", "refs/heads/main", sha)
        async with GitCode(tmp_path / "cache", limits=GitLimits(memory_mib=32)) as code:
            with pytest.raises(Refused, match=r"more than 32 MiB of memory for it \(`git\.memory_mib`\)"):
                await code.resolve(remote.url, ["main"])
        assert not list((tmp_path / "cache").iterdir())

    async def test_of_a_giant_message_before_the_newest_commit(self, remote: Remote, code: GitCode) -> None:
        giant = remote.git("commit-tree", EMPTY_TREE, "-F", "-", given=b"x" * 20_000_000)
        remote.git("update-ref", "refs/heads/main", giant)
        tip = remote.commit("main", "Warm up")
        listed = await code.commits(remote.url, ["main"])
        assert [(commit.sha, commit.subject) for commit in listed] == [
            (tip, "Warm up"),
            (giant, "(the message is too long to show)"),
        ]
        assert (await code.resolve(remote.url, ["main"], commit=giant[:9])).sha == giant

    async def test_of_100_000_branches(self, remote: Remote, tmp_path: Path) -> None:
        sha = remote.commit("main")
        lines = [f"{sha} refs/heads/b{number:06}\n" for number in range(100_000)]
        (remote.path / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + "".join(lines))
        async with GitCode(tmp_path / "cache") as code:
            assert (await code.resolve(remote.url, ["main"])).sha == sha
            assert await code.branches(remote.url, ["main"]) == ["main"]
            words = r"100,000 of its branches match `b\*`, `main`|100,001 of its branches match `b\*`, `main`"
            with pytest.raises(Refused, match=words + r".*1,000 may \(`git\.branches`\)"):
                await code.resolve(remote.url, ["b*"])
        async with GitCode(tmp_path / "other", limits=GitLimits(listing_mib=1)) as code:
            with pytest.raises(Refused, match=r"1 MiB \(`git\.listing_mib`\)"):
                await code.resolve(remote.url, ["main"])


async def test_a_disk_that_is_nearly_full(remote: Remote, code: GitCode, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.commit("main")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=DISK_RESERVE))
    with pytest.raises(Refused, match="the bot's disk has less than 128 MiB left"):
        await code.resolve(remote.url, ["main"])


async def test_many_small_fetches_are_packed_into_one(
    remote: Remote, code: GitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MOST_PACKS", 3)
    shas = []
    for _ in range(6):
        shas.append(remote.commit("main"))
        await code.resolve(remote.url, ["main"])
    (folder,) = (tmp_path / "cache").iterdir()
    assert len(list((folder / "objects/pack").glob("*.pack"))) <= 4
    assert [commit.sha for commit in await code.commits(remote.url, ["main"])] == shas[::-1]
