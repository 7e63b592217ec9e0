import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.inert import code, cut, cut_blocks, escape, fenced, one_line


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("Warm up the learning rate", "Warm up the learning rate"),
        ("@everyone **now**", r"\@everyone \*\*now\*\*"),
        ("<@42> <#7> <:x:1>", r"\<\@42> \<#7> \<:x:1>"),
        ("[safe](https://evil.example)", r"\[safe\](https\://evil.example)"),
        ("val_accuracy of f(x): 1 - 2", "val_accuracy of f(x): 1 - 2"),
        ("- a list", r"\- a list"),
        ("# loud", r"\# loud"),
        ("`a` ~~b~~ ||c|| _d_ \\", r"\`a\` \~\~b\~\~ \|\|c\|\| \_d\_ \\"),
        ("two\nlines\tand \x1b[31m", r"two lines and \[31m"),
        ("safe\u202egnp.exe", "safe gnp.exe"),
    ],
)
def test_nothing_of_it_is_read_as_markup(raw: str, safe: str) -> None:
    assert escape(raw, 100) == safe


@settings(deadline=None)
@given(st.text(), st.integers(min_value=1, max_value=100))
def test_every_character_that_means_something_is_escaped(raw: str, limit: int) -> None:
    text = escape(raw, limit)
    plain = re.sub(r"\\(.)", "x", text)
    assert not re.search(r"[\\*~|`<@\[\]]|\b_|_\b|^_|_$|://|^[#>+-]", plain, re.ASCII)
    assert len(re.sub(r"\\(.)", r"\1", text)) <= limit
    assert "\n" not in text


@settings(deadline=None)
@given(st.text())
def test_code_holds_two_grave_accents_and_something_between(raw: str) -> None:
    text = code(raw)
    assert (text[0], text[-1], text.count("`")) == ("`", "`", 2)
    assert len(text) >= 3


@settings(deadline=None)
@given(st.text(alphabet="`a\n", max_size=30))
def test_a_fence_is_closed_by_its_own_end_alone(raw: str) -> None:
    text = fenced(raw)
    assert text.startswith("```\n")
    assert text.endswith("\n```")
    assert text.count("```") == 2
    assert text.replace("\u200b", "") == f"```\n{raw}\n```"


@settings(deadline=None)
@given(st.text(alphabet="`ab\n", max_size=200), st.integers(min_value=10, max_value=100))
def test_a_cut_leaves_no_block_open(raw: str, limit: int) -> None:
    whole = fenced(raw) + " after"
    text = cut_blocks(whole, limit)
    assert len(text) <= limit
    assert text.count("```") % 2 == 0


def test_cut() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert one_line("  a \r\n b ") == "a b"
