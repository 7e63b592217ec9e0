"""Secrets in every place where text of a job, of a repository or of a person appears, however they are hidden there."""

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from bot.adapters.git.git_command import GitFailed, remote_error
from bot.chat.cards import card_lines
from bot.chat.error_replies import explain
from bot.domain.audit.chain import Anchor, linked
from bot.domain.audit.entry import Actor, Entry, shown_options
from bot.domain.inert import code, escape, fenced, plain_line
from bot.domain.jobs.set_text import read
from bot.domain.metrics.metrics_table import Table
from bot.domain.parameters import Kind, Parameter
from bot.errors import UnknownName, UserError
from tests.secrets.planted import SHAPES, planted
from trainer.redaction.redact import redact

HIDDEN = (
    *("{}", "see {} now", "x" * 60 + " {}", "\x1b[31m{}\x1b[0m", "x\x1b[1m{}", "\x9b31m{}", "\u200b{}", "\x00{}"),
    *("'{}'", "{}\u2066", "[{}]"),
)
TYPED = [hidden for hidden in HIDDEN if "\x9b" not in hidden]
"""People type no control characters of terminals with eight bits."""
KEY = "3f2a9c0d7b1e48565a0c9d8e7f6b5a4c3d2e1f00"
"""Forty hexadecimal digits, which nothing but a name tells from a commit."""


def _audit(text: str) -> str:
    entry = Entry("1", "/train", Actor(1, text), options=shown_options([("note", text), (text, "1")]), why=text)
    return linked(entry, 0.0, Anchor(0, "")).content


def _refusal(text: str) -> str:
    """Of a number, of a whole `set`, and of a name."""
    shown = []
    for attempt in (
        lambda: Parameter("lr", Kind.FLOAT).parse(text),
        lambda: read(f'lr="{text}"', [Parameter("lr", Kind.FLOAT)]),
        lambda: read(f"{text}=1", [Parameter("lr", Kind.FLOAT)]),
    ):
        with pytest.raises(UserError) as caught:
            attempt()
        shown.append(str(caught.value))
    return redact(explain(UnknownName("job", given=text))) + redact("\n".join(shown))


def _header(text: str) -> str:
    cell = text.replace('"', '""')
    table = Table.parse(f'epoch,"{cell}"\n1,1\n2,x\n'.encode())
    return f"{list(table.columns)} {table.remarks} {table.x_label}"


def _git(text: str) -> str:
    stderr = GitFailed(f"fatal: unable to access '{text}': The requested URL returned error: 403")
    return redact(explain(remote_error(f"https://host/{text}", stderr)))


PLACES: Mapping[str, Callable[[str], str]] = {
    "a card's line": lambda text: escape(text, 1_000),
    "a short line": lambda text: escape(text, 60),
    "code": lambda text: code(text, 100),
    "a block": fenced,
    "a title, a footer, a suggestion": lambda text: plain_line(text, 100),
    "a parameter of a card": lambda text: card_lines.parameters({"note": text}, 1_000, None),
    "the audit": _audit,
    "a refusal": _refusal,
    "the header of a table": _header,
    "git's error": _git,
}


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_shown(place: str) -> None:
    numbers, shown = random.Random(place), Counter[str]()
    for shape in SHAPES:
        for hidden in HIDDEN if place != "a refusal" else TYPED:
            piece, secret = planted(shape, numbers)
            text = PLACES[place](hidden.replace("{}", piece)).replace("\\", "")
            shown[f"{shape}: {hidden!r}"] += secret in text
    assert +shown == Counter()


@pytest.mark.parametrize("name", ["wandb_api_key", "HF_TOKEN", "client-secret"])
def test_value_of_a_parameter_that_names_a_secret_is_not_shown(name: str) -> None:
    parameter = Parameter(name, Kind.INT)
    with pytest.raises(UserError) as caught:
        parameter.parse(KEY)
    places = [
        str(caught.value),
        card_lines.parameters({name: KEY}, 1_000, None),
        str(shown_options([(name, KEY), ("lr", KEY)])).replace(f"'lr': '{KEY}'", ""),
        redact(f'`{name}`: "{KEY}" looks like the next parameter.'),
        redact(f"error: argument --{name}: invalid int value: '{KEY}'"),
    ]
    assert not [text for text in places if KEY in text]
    assert card_lines.parameters({"commit": KEY}, 1_000, None) == f"commit **{KEY}**"
