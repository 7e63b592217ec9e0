"""Fetches that are shared, damage that is mended, remotes that do not answer."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web

from bot.adapters.git import code_source, commits, git_command, mirror
from bot.adapters.git import remote as remote_module
from bot.adapters.git.code_source import GitCode
from bot.adapters.git.git_command import GitFailed, run_git
from bot.adapters.git.git_limits import GitLimits
from bot.errors import Denied, Missing, Refused, ServiceError, Unavailable
from tests.bot.adapters.git.remote import EMPTY_TREE, Remote
from tests.bot.adapters.vendor import Vendor, page
from tests.support.clock import Clock
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow


class Gate:
    """Stands before git: counts what it is asked, and holds fetches back while `open` is not set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Sequence[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        for module in (commits, mirror, remote_module):
            monkeypatch.setattr(module, "run_git", self._run)

    @property
    def fetches(self) -> int:
        return sum("ls-remote" in arguments for arguments in self.asked)

    async def _run(self, arguments: Sequence[str], **options: Any) -> bytes:
        self.asked.append(arguments)
        if "ls-remote" in arguments:
            await self.open.wait()
        return await run_git(arguments, **options)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    made = Remote(tmp_path / "remote.git")
    made.commit("main")
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def code(tmp_path: Path, clock: Clock) -> AsyncIterator[GitCode]:
    async with GitCode(tmp_path / "cache", now=clock) as git_code:
        yield git_code


class TestSharing:
    async def test_many_at_once_share_a_fetch(self, gate: Gate, remote: Remote, code: GitCode) -> None:
        found = await asyncio.gather(*(code.resolve(remote.url, ["main"], branch="main") for _ in range(50)))
        assert len(set(found)) == 1
        assert gate.fetches == 1

    async def test_a_fetch_that_has_begun_is_too_old(self, gate: Gate, remote: Remote, code: GitCode) -> None:
        """A push may have come after it looked: whoever asks later gets the next."""
        gate.open.clear()
        early = asyncio.create_task(code.resolve(remote.url, ["main"], branch="main"))
        while gate.fetches == 0:
            await asyncio.sleep(0)
        late = [asyncio.create_task(code.resolve(remote.url, ["main"], branch="main")) for _ in range(10)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(early, *late)
        assert gate.fetches == 2

    async def test_whoever_gives_up_does_not_end_it_for_others(self, gate: Gate, remote: Remote, code: GitCode) -> None:
        gate.open.clear()
        first = asyncio.create_task(code.resolve(remote.url, ["main"], branch="main"))
        second = asyncio.create_task(code.resolve(remote.url, ["main"], branch="main"))
        await asyncio.sleep(0)
        first.cancel()
        gate.open.set()
        assert (await second).branch == "main"
        assert gate.fetches == 1

    async def test_closing_ends_what_is_under_way(self, gate: Gate, remote: Remote, tmp_path: Path) -> None:
        gate.open.clear()
        async with GitCode(tmp_path / "cache") as code:
            asking = asyncio.create_task(code.resolve(remote.url, ["main"], branch="main"))
            while gate.fetches == 0:
                await asyncio.sleep(0.001)
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not list((tmp_path / "cache").iterdir())


class TestAutocomplete:
    async def test_a_fresh_fetch_is_enough(self, gate: Gate, remote: Remote, code: GitCode, clock: Clock) -> None:
        await code.branches(remote.url, ["*"])
        remote.commit("new")
        clock.now += code_source.FRESH_SECONDS
        assert await code.branches(remote.url, ["*"]) == ["main"]
        clock.now += 1
        assert await code.branches(remote.url, ["*"]) == ["new", "main"]
        assert gate.fetches == 2

    async def test_a_slow_remote_is_not_waited_for(
        self, gate: Gate, remote: Remote, code: GitCode, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(code_source, "PATIENCE_SECONDS", 0.01)
        await code.resolve(remote.url, ["main"])
        remote.commit("new")
        clock.now += code_source.FRESH_SECONDS + 1
        gate.open.clear()
        for _ in range(3):
            assert await code.branches(remote.url, ["*"]) == ["main"]
        assert len(await code.commits(remote.url, ["*"])) == 1
        gate.open.set()
        async with asyncio.timeout(PATIENCE):
            while await code.branches(remote.url, ["*"]) != ["new", "main"]:
                await asyncio.sleep(0.001)
        assert gate.fetches == 2

    async def test_the_first_fetch_goes_on(
        self, gate: Gate, remote: Remote, code: GitCode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(code_source, "PATIENCE_SECONDS", 0.01)
        gate.open.clear()
        with pytest.raises(Unavailable, match="being fetched for the first time"):
            await code.branches(remote.url, ["*"])
        gate.open.set()
        monkeypatch.setattr(code_source, "PATIENCE_SECONDS", 10)
        assert await code.branches(remote.url, ["*"]) == ["main"]
        assert gate.fetches == 1

    async def test_a_remote_that_is_gone_leaves_the_last_answer(
        self, remote: Remote, code: GitCode, clock: Clock
    ) -> None:
        await code.branches(remote.url, ["*"])
        shutil.rmtree(remote.path)
        clock.now += code_source.FRESH_SECONDS + 1
        assert await code.branches(remote.url, ["*"]) == ["main"]
        with pytest.raises(Missing):
            await code.resolve(remote.url, ["main"])

    async def test_the_same_listing_is_read_once(self, gate: Gate, remote: Remote, code: GitCode) -> None:
        for _ in range(3):
            await code.commits(remote.url, ["*"])
        assert sum("log" in arguments for arguments in gate.asked) == 1


class TestDamage:
    """The copy can be lost: it is made anew, once, and nobody notices."""

    def copy(self, tmp_path: Path) -> Path:
        (folder,) = (tmp_path / "cache").iterdir()
        return folder

    @pytest.mark.parametrize("damage", ["all", "HEAD", "config", "objects", "garbage", "lock"])
    async def test_between_two_fetches(self, remote: Remote, code: GitCode, tmp_path: Path, damage: str) -> None:
        await code.resolve(remote.url, ["main"])
        folder = self.copy(tmp_path)
        match damage:
            case "all":
                shutil.rmtree(folder)
            case "HEAD" | "config":
                (folder / damage).write_bytes(b"\0\0")
            case "objects":
                shutil.rmtree(folder / "objects")
                (folder / "objects").mkdir()
            case "garbage":
                for pack in (folder / "objects/pack").iterdir():
                    pack.chmod(0o600)
                    pack.write_bytes(b"garbage")
            case "lock":
                (folder / "packed-refs.lock").touch()
                (folder / "refs/heads/main.lock").touch()
        sha = remote.commit("main")
        assert (await code.resolve(remote.url, ["main"], commit=sha[:8])).sha == sha
        assert self.copy(tmp_path).name == folder.name

    async def test_between_a_fetch_and_a_read(self, remote: Remote, code: GitCode, tmp_path: Path) -> None:
        await code.branches(remote.url, ["*"])
        shutil.rmtree(self.copy(tmp_path) / "objects")
        listed = await asyncio.gather(*(code.commits(remote.url, ["*"], limit=n) for n in (1, 2, 3)))
        assert [len(commits) for commits in listed] == [1, 1, 1]

    async def test_beyond_repair_is_told(
        self, remote: Remote, code: GitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await code.branches(remote.url, ["*"])

        async def broken(arguments: Sequence[str], **options: Any) -> bytes:
            if "log" in arguments:
                raise GitFailed("fatal: the disk is full")
            return await run_git(arguments, **options)

        monkeypatch.setattr(commits, "run_git", broken)
        with pytest.raises(Unavailable, match="the disk is full"):
            await code.commits(remote.url, ["*"])

    async def test_a_server_without_filters_serves_as_well(self, remote: Remote, code: GitCode) -> None:
        remote.git("config", "uploadpack.allowFilter", "false")
        for _ in range(2):
            sha = remote.commit("main")
            assert (await code.resolve(remote.url, ["main"], commit=sha[:8])).sha == sha


class TestRemotes:
    @pytest.mark.parametrize(
        ("address", "kind", "words"),
        [
            ("file:///nowhere/at-all.git", Missing, "does not appear to be a git repository"),
            ("http://127.0.0.1:1/x.git", Unavailable, "Failed to connect to 127.0.0.1 port 1"),
            ("ext::sh -c 'touch pwned'", Refused, "transport 'ext' not allowed"),
            ("/nowhere/at-all.git", Refused, "transport 'file' not allowed"),
            ("git://127.0.0.1/x.git", Refused, "transport 'git' not allowed"),
        ],
    )
    async def test_that_cannot_be_read(self, code: GitCode, address: str, kind: type[ServiceError], words: str) -> None:
        with pytest.raises(ServiceError, match=words) as caught:
            await code.resolve(address, ["main"])
        assert type(caught.value) is kind

    @pytest.mark.parametrize(
        ("status", "kind"), [(404, Missing), (403, Denied), (500, Unavailable), (200, Unavailable)]
    )
    async def test_a_server_that_has_no_repository(
        self, vendor: Vendor, code: GitCode, status: int, kind: type[ServiceError]
    ) -> None:
        vendor.answers_with(page(status, "<html>\n<h1>Please log in</h1>\n</html>\n"))
        with pytest.raises(ServiceError) as caught:
            await code.resolve(f"{vendor.url}/x.git", ["main"])
        assert type(caught.value) is kind

    async def test_a_server_that_wants_a_password(self, vendor: Vendor, code: GitCode) -> None:
        async def unauthorized(request: web.Request) -> web.StreamResponse:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})

        vendor.answers_with(unauthorized)
        with pytest.raises(Denied, match="a git credential helper"):
            await code.resolve(f"{vendor.url}/x.git", ["main"])
        secret = vendor.url.replace("://", "://mika:s3cret@")
        with pytest.raises(Denied) as caught:
            await code.resolve(f"{secret}/x.git", ["main"])
        assert "s3cret" not in str(caught.value)
        assert "mika" not in str(caught.value)
        expected = "Basic " + base64.b64encode(b"mika:s3cret").decode()
        assert vendor.asked[-1].headers["Authorization"] == expected

    async def test_one_that_hangs_is_given_up_and_nothing_is_left(self, vendor: Vendor, tmp_path: Path) -> None:
        vendor.answers_with(vendor.hangs)
        async with GitCode(tmp_path / "cache", limits=GitLimits(fetch_seconds=0.5)) as code:
            with pytest.raises(Unavailable, match=r"git took longer than 0\.5 s .*`git\.fetch_seconds`"):
                await code.resolve(f"{vendor.url}/x.git", ["main"])
        await gone(lambda process: any(vendor.url in word for word in process.info["cmdline"] or ()))
        assert not list((tmp_path / "cache").iterdir())


class TestProcess:
    async def test_the_environment_is_clean(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DISCORD_TOKEN", "GIT_DIR", "GIT_EXTERNAL_DIFF", "LD_PRELOAD"):
            monkeypatch.setenv(name, "")
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.env")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!env")
        names = {line.partition(b"=")[0].decode() for line in (await run_git(["env"], folder=tmp_path)).splitlines()}
        assert {"PATH", "GIT_CONFIG_COUNT", "GIT_TERMINAL_PROMPT", "GIT_ALLOW_PROTOCOL"} <= names
        assert not names & {"DISCORD_TOKEN", "GIT_EXTERNAL_DIFF", "LD_PRELOAD"}

    async def test_a_repository_around_the_folder_is_not_found(self, tmp_path: Path) -> None:
        await run_git(["init", "--quiet", "."], folder=tmp_path)
        inside = tmp_path / "cache"
        inside.mkdir()
        with pytest.raises(GitFailed, match="not a git repository"):
            await run_git(["rev-parse", "--git-dir"], folder=inside)

    async def test_being_cancelled_ends_the_process(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.wait")
        below = f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 60"
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"!sh -c '{below}'; true")
        running = asyncio.create_task(run_git(["wait"], folder=tmp_path))
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.005)
        pid = int((tmp_path / "pid").read_text())
        assert psutil.pid_exists(pid)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await gone(lambda process: process.pid == pid)

    async def test_credentials_are_not_shown(self, tmp_path: Path) -> None:
        address = "http://user:p@ss@127.0.0.1:1/x.git"
        with pytest.raises(GitFailed, match=r"http://127\.0\.0\.1:1/x\.git") as caught:
            await run_git(["ls-remote", address], folder=tmp_path, protocols="http")
        shown = f"{caught.value.stderr} {git_command.remote_error(address, caught.value)}"
        assert "user" not in shown
        assert "ss@" not in shown

    @pytest.mark.parametrize(
        ("said", "line"),
        [
            ("warning: x\nfatal: this\nhint: that\n", "this"),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nPlease\n",
                "git@h: Permission denied (publickey)",
            ),
            ("fatal: Could not read from remote repository.\n", "git failed without a message"),
            ("", "git failed without a message"),
        ],
    )
    def test_the_line_that_tells_why(self, said: str, line: str) -> None:
        assert str(GitFailed(said)) == line

    def test_what_a_key_that_is_refused_means(self) -> None:
        failure = GitFailed("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.")
        error = git_command.remote_error("ssh://git@h/x", failure)
        assert type(error) is Denied
        assert str(error) == (
            "git cannot read ssh://h/x: git@h: Permission denied (publickey). "
            "Give the bot's machine a key that may read it."
        )


async def gone(wanted: Callable[[psutil.Process], bool]) -> None:
    """Returns once no such process runs any more; one that is dead may wait for its parent."""
    async with asyncio.timeout(PATIENCE):
        while any(_runs(process) and wanted(process) for process in psutil.process_iter(["status", "cmdline"])):
            await asyncio.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    return process.info["status"] != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("size", [commits.MOST_COMMIT_BYTES, 20_000_000])
async def test_a_giant_message_on_any_branch_costs_that_branch_alone(remote: Remote, code: GitCode, size: int) -> None:
    """Git itself would take 14 s and 215 MiB for a subject of 40 MB."""
    tip = remote.git("rev-parse", "main")
    giant = remote.git("commit-tree", EMPTY_TREE, "-p", tip, "-F", "-", given=b"x" * size)
    remote.git("update-ref", "refs/heads/giant", giant)
    remote.git("tag", "giant-tag", giant)
    assert (await code.resolve(remote.url, ["main"])).sha == tip
    assert await code.branches(remote.url, ["*"]) == ["main"]
    assert [commit.sha for commit in await code.commits(remote.url, ["main"])] == [tip]


async def test_a_subject_is_the_first_paragraph_and_has_a_limit(remote: Remote, code: GitCode) -> None:
    tip = remote.git("rev-parse", "main")
    for message, subject in (
        (b"\n  \nWarm up\nthe rate\n\nBody", "Warm up the rate"),
        (b"y" * 5000, "y" * commits.SUBJECT),
        (b"", ""),
    ):
        made = remote.git("commit-tree", EMPTY_TREE, "-p", tip, "-F", "-", given=message)
        remote.git("update-ref", "refs/heads/main", made)
        assert (await code.resolve(remote.url, ["main"])).subject == subject
        [newest, *_] = await code.commits(remote.url, ["main"])
        assert newest.subject[:200] == subject[:200]
        assert len(newest.subject) <= commits.SUBJECT
