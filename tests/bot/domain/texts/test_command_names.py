"""Commands in texts: with a prefix, as links, and all through one function."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import bot
from bot.chat.cards import verdict
from bot.chat.catalogue.samples import ended_job, sweeps
from bot.domain.inert import EMPTY
from bot.domain.model.states import EndReason
from bot.domain.texts.command_names import COMMANDS, command, name_commands, plain
from tests.layout.tree import parsed

S3_FOLDER = "/jobs"
ROOT = Path(bot.__file__).parent
NAMED = re.compile(rf"(?<![\w/.<}}])/(?:{'|'.join(COMMANDS)})\b(?!/)")


def test_a_command_is_code_until_its_id_is_known() -> None:
    assert command("train") == "`/train`"
    assert command("logs", "k7q2mx.4") == "`/logs k7q2mx.4`"
    name_commands(ids={"train": 12, "logs": 34})
    assert command("train") == "</train:12>"
    assert command("logs", "k7q2mx.4") == "</logs:34> `k7q2mx.4`"
    assert command("stop") == "`/stop`"
    assert plain("train") == "/train"


def test_a_prefix_is_in_every_form() -> None:
    name_commands("sb-", {"sb-train": 12})
    assert [command("train"), command("stop"), plain("train")] == ["</sb-train:12>", "`/sb-stop`", "/sb-train"]


def test_advice_names_the_commands_as_they_are_registered() -> None:
    name_commands("試-", {"試-train": 12})
    assert "use </試-train:12> again" in verdict.content(ended_job(EndReason.COMMAND_FAILED), None, EMPTY)
    assert "`/試-artifacts`" in verdict.content(ended_job(EndReason.STOPPED), None, EMPTY)
    assert "`/試-logs b2c3d4.4` shows why." in verdict.content(dict(sweeps())["some failed"], None, EMPTY)


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """String literals that are no docstrings."""
    tree = parsed(path)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


def test_no_text_writes_a_command_itself() -> None:
    assert not [
        (path.relative_to(ROOT).as_posix(), line, text)
        for path in sorted(ROOT.rglob("*.py"))
        for line, text in _texts(path)
        if NAMED.search(text) and text != S3_FOLDER
    ]
