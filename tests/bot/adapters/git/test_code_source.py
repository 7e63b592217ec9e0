"""Names of all kinds become commits that are proved to be on an allowed branch."""

import hashlib
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.adapters.git.code_source import GitCode
from bot.domain.model.run import Commit
from bot.errors import BadInput, UnknownName, UserError
from tests.bot.adapters.git.remote import BEGINNING, EMPTY_TREE, Remote

pytestmark = pytest.mark.slow


class TestBranch:
    async def test_its_head_with_the_subject(self, remote: Remote, code: GitCode) -> None:
        remote.commit("main", "Begin")
        sha = remote.commit("main", "Warm up")
        assert await code.resolve(remote.url, ["main"], branch="main") == Commit(sha, "main", "Warm up")

    async def test_what_was_pushed_a_moment_ago(self, remote: Remote, code: GitCode) -> None:
        for _ in range(3):
            sha = remote.commit("main")
            assert (await code.resolve(remote.url, ["main"], branch="main")).sha == sha

    async def test_that_was_rewound_or_replaced_by_a_folder(self, remote: Remote, code: GitCode) -> None:
        first = remote.commit("feature")
        remote.commit("feature")
        await code.resolve(remote.url, ["*"], branch="feature")
        remote.git("update-ref", "refs/heads/feature", first)
        assert (await code.resolve(remote.url, ["*"], branch="feature")).sha == first
        remote.delete("feature")
        below = remote.commit("feature/one")
        assert (await code.resolve(remote.url, ["*"], branch="feature/one")).sha == below

    async def test_without_any_name_the_first_allowed_one(self, remote: Remote, code: GitCode) -> None:
        sha = remote.commit("main")
        remote.commit("release/1")
        remote.commit("release/2", "Newest")
        assert (await code.resolve(remote.url, ["main", "release/*"])).sha == sha
        assert (await code.resolve(remote.url, ["release/*", "main"])).branch == "release/2"

    async def test_an_unknown_one_brings_near_names(self, remote: Remote, code: GitCode) -> None:
        for branch in ("main", "feature/warmup", "secret"):
            remote.commit(branch)
        with pytest.raises(UnknownName) as caught:
            await code.resolve(remote.url, ["main", "feature/*"], branch="Warmup")
        assert str(caught.value) == (
            'There is no branch "Warmup". Did you mean feature/warmup? Choose one: main, feature/warmup.'
        )

    async def test_one_that_is_not_allowed(self, remote: Remote, code: GitCode) -> None:
        remote.commit("main")
        remote.commit("secret")
        with pytest.raises(BadInput) as caught:
            await code.resolve(remote.url, ["main"], branch="secret")
        assert caught.value.choices == ("main",)

    async def test_patterns_mind_the_case(self, remote: Remote, code: GitCode) -> None:
        remote.commit("Main")
        with pytest.raises(BadInput):
            await code.resolve(remote.url, ["main"], branch="Main")

    async def test_no_branch_is_named_like_an_option(self, remote: Remote, code: GitCode) -> None:
        remote.commit("main")
        remote.commit("--upload-pack=touch pwned".replace(" ", "-"))
        assert await code.branches(remote.url, ["*"]) == ["main"]
        with pytest.raises(UnknownName):
            await code.resolve(remote.url, ["*"], branch="--upload-pack=touch-pwned")

    async def test_an_empty_repository(self, remote: Remote, code: GitCode) -> None:
        for name in ("main", ""):
            with pytest.raises(UnknownName, match='There is no branch "main"'):
                await code.resolve(remote.url, ["main"], branch=name)

    @pytest.mark.parametrize(
        "branch",
        [
            "wärme/🔥",
            "a'b\"c",
            "$(id)",
            "`id`",
            "a;b",
            "a&b",
            "a|b",
            "%00",
            "x%(refname)",
            "@",
            "refs/heads/main",
            "\u2028",
        ],
    )
    async def test_nasty_names(self, remote: Remote, code: GitCode, branch: str) -> None:
        sha = remote.commit(branch)
        assert await code.branches(remote.url, ["*"]) == [branch]
        assert (await code.resolve(remote.url, ["*"], branch=branch)).sha == sha
        found = await code.resolve(remote.url, ["*"], commit=sha[:8])
        assert (found.sha, found.branch) == (sha, branch)

    @pytest.mark.parametrize(
        ("message", "subject"),
        [
            ("Wärme 🔥", "Wärme 🔥"),
            ("two\nlines of one\n\nbody", "two lines of one"),
            ("a\tb\x1b[31m\u2028c", "a\tb\x1b[31m\u2028c"),
            ("%H%x00%s", "%H%x00%s"),
            ("", ""),
        ],
    )
    async def test_subjects_of_all_kinds(self, remote: Remote, code: GitCode, message: str, subject: str) -> None:
        first = remote.commit("main")
        sha = commit_object(remote, f"parent {first}\n", message)
        remote.git("update-ref", "refs/heads/main", sha)
        assert await code.resolve(remote.url, ["main"], branch="main") == Commit(sha, "main", subject)
        assert await code.resolve(remote.url, ["main"], commit=sha) == Commit(sha, "main", subject)
        assert await code.commits(remote.url, ["main"]) == [
            Commit(sha, "main", subject),
            Commit(first, "main", "commit 1"),
        ]


class TestCommit:
    @pytest.mark.parametrize("length", [4, 7, 39, 40])
    @pytest.mark.parametrize("upper", [False, True])
    async def test_by_its_id(self, remote: Remote, code: GitCode, length: int, upper: bool) -> None:
        sha = remote.commit("main", "Begin")
        remote.commit("main")
        text = sha[:length].upper() if upper else sha[:length]
        assert await code.resolve(remote.url, ["main"], commit=f" {text} ") == Commit(sha, "main", "Begin")

    async def test_by_a_tag_of_any_kind(self, remote: Remote, code: GitCode) -> None:
        sha = remote.commit("main")
        remote.git("tag", "light", sha)
        remote.git("tag", "-a", "-m", "an annotation", "annotated", sha)
        remote.git("tag", "-a", "-m", "of a tag", "nested", "annotated")
        remote.commit("main")
        for tag in ("light", "annotated", "nested"):
            assert (await code.resolve(remote.url, ["main"], commit=tag)).sha == sha

    async def test_a_tag_that_was_moved(self, remote: Remote, code: GitCode) -> None:
        for _ in range(2):
            sha = remote.commit("main")
            remote.git("tag", "--force", "latest", sha)
            assert (await code.resolve(remote.url, ["main"], commit="latest")).sha == sha

    async def test_a_tag_of_no_commit_or_of_one_on_no_allowed_branch(self, remote: Remote, code: GitCode) -> None:
        remote.commit("main")
        remote.git("tag", "tree", EMPTY_TREE)
        remote.git("tag", "elsewhere", remote.commit("secret"))
        for tag in ("tree", "elsewhere"):
            with pytest.raises(BadInput, match=r"The commit of the tag .* is not on main"):
                await code.resolve(remote.url, ["main"], commit=tag)

    async def test_no_tag_passes_for_a_full_id(self, remote: Remote, code: GitCode) -> None:
        right, other = remote.commit("main"), remote.commit("main")
        remote.git("update-ref", f"refs/tags/{right}", other)
        remote.git("update-ref", f"refs/tags/{right[:8]}", other)
        assert (await code.resolve(remote.url, ["main"], commit=right)).sha == right
        assert (await code.resolve(remote.url, ["main"], commit=right[:8])).sha == other

    async def test_that_the_server_has_but_no_branch(self, remote: Remote, code: GitCode) -> None:
        """A server hands out what it holds: of a deleted branch, of a fork's pull request."""
        main = remote.commit("main")
        deleted = remote.commit("gone", onto=main)
        remote.delete("gone")
        fork = remote.commit("fork", onto=main)
        remote.git("update-ref", "refs/pull/1/head", fork)
        remote.delete("fork")
        for sha in (deleted, fork):
            for given_id in (sha, sha[:10]):
                with pytest.raises(BadInput, match="is not on main"):
                    await code.resolve(remote.url, ["main"], commit=given_id)

    async def test_of_a_branch_deleted_after_it_was_fetched(self, remote: Remote, code: GitCode) -> None:
        sha = remote.commit("gone", onto=remote.commit("main"))
        await code.resolve(remote.url, ["*"], commit=sha)
        remote.delete("gone")
        with pytest.raises(BadInput):
            await code.resolve(remote.url, ["*"], commit=sha)

    async def test_on_another_branch_than_the_one_given(self, remote: Remote, code: GitCode) -> None:
        base = remote.commit("main")
        side = remote.commit("side", onto=base)
        assert (await code.resolve(remote.url, ["*"], branch="side", commit=base)).branch == "side"
        with pytest.raises(BadInput, match="is not on main"):
            await code.resolve(remote.url, ["*"], branch="main", commit=side)

    async def test_its_branch_is_the_first_allowed_one(self, remote: Remote, code: GitCode) -> None:
        base = remote.commit("main")
        for branch in ("release/1", "release/2"):
            remote.commit(branch, onto=base)
        assert (await code.resolve(remote.url, ["main", "release/*"], commit=base)).branch == "main"
        assert (await code.resolve(remote.url, ["release/*", "main"], commit=base)).branch == "release/2"

    async def test_a_short_id_of_two(self, remote: Remote, code: GitCode) -> None:
        main = remote.commit("main")
        one, other = two_alike(remote, f"parent {main}\n")
        remote.git("update-ref", "refs/heads/main", one)
        remote.git("update-ref", "refs/heads/other", other)
        with pytest.raises(BadInput) as caught:
            await code.resolve(remote.url, ["*"], commit=one[:4])
        assert sorted(choice.split()[0] for choice in caught.value.choices) == sorted([one[:12], other[:12]])
        assert (await code.resolve(remote.url, ["main"], commit=one[:4])).sha == one
        assert (await code.resolve(remote.url, ["*"], branch="other", commit=one[:4])).sha == other

    async def test_names_that_are_none(self, remote: Remote, code: GitCode) -> None:
        sha = remote.commit("main")
        remote.git("tag", "v1.0", sha)
        for text in ("abc", "HEAD", "main~1", "--all", "v1.0^{tree}", "@{-1}", ":/commit", "g" * 40, "0" * 41):
            with pytest.raises(UnknownName, match="An id has 4 to 40"):
                await code.resolve(remote.url, ["main"], commit=text)
        with pytest.raises(UnknownName, match=r"Did you mean v1\.0\?"):
            await code.resolve(remote.url, ["main"], commit="v1")
        with pytest.raises(UnknownName, match='"main" is a branch: use it as `branch`'):
            await code.resolve(remote.url, ["main"], commit="main")
        with pytest.raises(BadInput):
            await code.resolve(remote.url, ["main"], commit="0" * 40)

    @given(branch=st.text(), commit=st.text())
    @example(branch="\0", commit="\0")
    @example(branch="", commit="a" * 40 + "\n--all")
    @example(branch="\ud800", commit="")
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_any_text_is_answered_in_words(self, tmp_path: Path, branch: str, commit: str) -> None:
        path = tmp_path / "any.git"
        remote = Remote(path) if not path.exists() else None
        if remote:
            remote.commit("main")
        async with GitCode(tmp_path / "cache") as code:
            if not branch and not commit:
                return
            with pytest.raises(UserError):
                await code.resolve(path.as_uri(), ["*"], branch=branch, commit=commit)


def commit_object(remote: Remote, parents: str, message: str) -> str:
    return remote.git("hash-object", "-t", "commit", "-w", "--stdin", given=commit_text(parents, message))


def commit_text(parents: str, message: str) -> bytes:
    who = f"Mika <mika@example.org> {BEGINNING + 3600} +0000"
    return f"tree {EMPTY_TREE}\n{parents}author {who}\ncommitter {who}\n\n{message}\n".encode()


def two_alike(remote: Remote, parents: str) -> tuple[str, str]:
    """Two commits whose ids begin with the same four digits."""
    seen: dict[str, str] = {}
    for number in count():
        text = commit_text(parents, f"try {number}")
        prefix = hashlib.sha1(b"commit %d\0" % len(text) + text).hexdigest()[:4]
        if prefix in seen:
            return commit_object(remote, parents, seen[prefix]), commit_object(remote, parents, f"try {number}")
        seen[prefix] = f"try {number}"
    raise AssertionError
