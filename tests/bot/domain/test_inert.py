import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.inert import code, cut, cut_blocks, escape, fenced, log_block, one_line, phrase
from tests.layout.tree import parsed

ROOT = Path(__file__).parents[3]


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


def test_a_phrase_takes_its_values_as_they_are() -> None:
    assert (
        phrase("{name} has {count:,} trials", name=escape("*a* {b}", 40), count=1_234) == r"\*a\* {b} has 1,234 trials"
    )


def test_a_log_block_is_closed_by_its_own_end_alone() -> None:
    text = log_block(["```", "@everyone <@42>"])
    assert text.startswith("```\n")
    assert text.endswith("\n```")
    assert text.count("```") == 2
    assert "@everyone" not in text
    assert "<@42>" not in text
    assert log_block([]) == ""


# ---- nothing else makes inert text -----------------------------------------------------------------------
@cache
def _calls(function: str) -> list[tuple[str, ast.Call]]:
    """Where the bot calls a function by that name."""
    return [
        (path.relative_to(ROOT).as_posix(), node)
        for path in sorted((ROOT / "bot").rglob("*.py"))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


def test_only_one_module_makes_inert_text() -> None:
    assert {path for path, _ in _calls("Inert")} == {"bot/domain/inert.py"}


def test_templates_are_literals_or_rows_of_tables() -> None:
    phrases = _calls("phrase")
    assert len(phrases) > 100
    wrong = [f"{path}:{call.lineno}" for path, call in phrases if not _fixed(call.args[0])]
    assert not wrong, f"a template is made of text: {', '.join(wrong)}"


def _fixed(template: ast.expr) -> bool:
    match template:
        case ast.Constant(value=str()):
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.IfExp(body=first, orelse=second):
            return _fixed(first) and _fixed(second)
        case ast.Attribute(value=row):
            return isinstance(row, ast.Name | ast.Subscript)
        case ast.Subscript(value=ast.Name(id=table)):
            return table.isupper()
        case _:
            return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "right"),
    [
        ('NewPost("k", PostKind.NOTE, "j", text="plain")', False),
        ('NewPost("k", PostKind.NOTE, "j", text=phrase("fixed"))', True),
        ('NewPost("k", PostKind.NOTE, "j", text=phrase("{name}", name=input()))', False),
        ('NewPost("k", PostKind.NOTE, "j", text=phrase("{name}", name=escape(input(), 9)))', True),
        ("Picture(None, input())", False),
        ('content(job, None, f"{job.id}")', False),
        ("card_lines.embed('t', [input()], 0)", False),
    ],
)
def test_mypy_rejects_plain_text_on_its_way_into_a_message(tmp_path: Path, code: str, right: bool) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(
        "from bot.chat.cards import card_lines\nfrom bot.chat.cards.verdict import content\n"
        "from bot.domain.inert import escape, phrase\nfrom bot.domain.model.job import Job\n"
        "from bot.domain.posts import NewPost, PostKind\nfrom bot.services.jobs.plot import Picture\n"
        f"def made(job: Job) -> object:\n    return {code}\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is right, done.stdout + done.stderr
    assert right or "Inert" in done.stdout
