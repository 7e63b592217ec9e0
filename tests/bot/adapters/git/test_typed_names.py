"""Branches and tags as phones and Japanese keyboards type them."""

import pytest

from bot.adapters.git.code_source import GitCode
from bot.errors import BadInput, UnknownName
from tests.bot.adapters.git.remote import Remote

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("typed", ["Main", "MAIN", "ｍａｉｎ"])  # noqa: RUF001  as phones and Japanese keyboards type it
async def test_capitals_and_full_width_letters_of_a_keyboard(remote: Remote, code: GitCode, typed: str) -> None:
    sha = remote.commit("main")
    remote.git("tag", "v1.0-rc", sha)
    assert (await code.resolve(remote.url, ["*"], branch=typed)).branch == "main"
    assert (await code.resolve(remote.url, ["*"], branch=typed, commit="V1.0\u2212RC")).sha == sha
    assert (await code.resolve(remote.url, ["*"], commit=sha[:10].upper())).sha == sha
    assert [found.sha for found in await code.commits(remote.url, ["*"], typed)] == [sha]
    assert await code.commits(remote.url, ["*"], "nowhere") == []


async def test_capitals_reach_no_other_branch(remote: Remote, code: GitCode) -> None:
    lower, upper = remote.commit("fix"), remote.commit("Fix")
    assert (await code.resolve(remote.url, ["*"], branch="Fix")).sha == upper
    assert (await code.resolve(remote.url, ["*"], branch="fix")).sha == lower
    with pytest.raises(UnknownName):
        await code.resolve(remote.url, ["*"], branch="FIX")
    with pytest.raises(BadInput, match='does not allow the branch "Fix"'):
        await code.resolve(remote.url, ["fix"], branch="Fix")
