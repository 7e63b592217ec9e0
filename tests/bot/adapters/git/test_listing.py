"""The branches and commits that a repository lists."""

import pytest

from bot.adapters.git.code_source import GitCode
from tests.bot.adapters.git.remote import Remote

pytestmark = pytest.mark.slow


async def test_branches_in_the_order_of_the_patterns_then_of_age(remote: Remote, code: GitCode) -> None:
    for branch in ("main", "release/1", "release/2", "secret"):
        remote.commit(branch)
    assert await code.branches(remote.url, ["main", "release/*"]) == ["main", "release/2", "release/1"]


async def test_commits_newest_first(remote: Remote, code: GitCode) -> None:
    one = remote.commit("main")
    two = remote.commit("side", onto=one)
    three = remote.commit("main")
    secret = remote.commit("secret", onto=three)
    listed = await code.commits(remote.url, ["main", "side"])
    assert [(commit.sha, commit.branch) for commit in listed[:2]] == [(three, "main"), (two, "side")]
    assert listed[2].sha == one
    assert [commit.sha for commit in await code.commits(remote.url, ["*"], "side")] == [two, one]
    assert [commit.sha for commit in await code.commits(remote.url, ["*"], limit=1)] == [secret]
    for branch in ("secret", "none", "--all"):
        assert await code.commits(remote.url, ["main", "side"], branch) == []
