"""Log lines, headers and names that try to ping, to leave their block, to pose as a link, or to fill a message."""

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from bot.domain.inert import Inert, code, escape, fenced
from bot.domain.logs.log_blocks import digest, event_block
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.metrics.metrics_table import Table
from tests.secrets.discord_reader import live

FRAGMENTS = (
    *(
        "@everyone",
        "@here",
        "<@42>",
        "<@!42>",
        "<@&42>",
        "<#42>",
        "</stop:42>",
        "<:a:42>",
        "<t:0>",
        "<id:home>",
        "@EVERYONE",
    ),
    *("```", "``", "`", "~~~", "\n```\n", "```ansi\n", "\\", "\\`", "||", "**", "~~", "# ", "> ", ">>> ", "-# ", "- "),
    *(
        "[Verify](https://evil.example)",
        "[a](<https://evil.example>)",
        "https://evil.example/a_b_c",
        "<https://evil.example>",
    ),
    *(
        "HTTP://EVIL.EXAMPLE",
        "discord.gg/abc",
        "discord.com/invite/abc",
        "<mailto:a@b.example>",
        "steam://run/1",
        "https://",
    ),
    *(
        "\x1b[31m",
        "\x1b]8;;https://evil.example\x07text\x1b]8;;\x07",
        "\x1b[2J",
        "\x9b1m",
        "\r",
        "\b\b\b",
        "\x00",
        "\x07",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u2028",
        "\u0301" * 20,
        "👨‍👩‍👧‍👦",
        "漢字",
        "\ud800",
        "ü",
        "\U000e0041",
    ),
    *(
        "epoch 1/3",
        "loss=0.5",
        " ",
        "\t",
        "a" * 300,
        "b" * 1_200,
        "",
        "%s",
        "{}",
        "{text}",
        "\\u0040everyone",
        "@\x1b[0meveryone",
    ),
    *(
        "@\u200beveryone",
        "<@\x0042>",
        "`\x1b[0m``",
        "\\[x](https://evil.example)",
        "](https://evil.example)",
        "[",
        "|",
        "_x_",
    ),
)


def _hostile(numbers: random.Random, count: int) -> Iterator[str]:
    for _ in range(count):
        pieces = numbers.choices(FRAGMENTS, k=numbers.randint(1, 8))
        yield numbers.choice(["", "", " ", "x"]).join(pieces)


def _messages(texts: Sequence[str]) -> Iterator[tuple[Inert, int]]:
    """Every way in which the bot shows a text of a job's making, with the limit of its place."""
    events = [LogEvent(str(number), "s", number, text) for number, text in enumerate(texts)]
    at = 0
    while at < len(events):
        block, taken = event_block(events[at : at + 20])
        yield block, 2_000
        at += taken
    for begin in range(0, len(events), 60):
        yield digest(readable(events[begin : begin + 60]), 5), 4_096
    for text in texts[::5]:
        yield escape(text, 100), 200
        yield code(text), 102
    for begin in range(0, len(texts), 100):
        yield fenced("\n".join(readable(events[begin : begin + 10]))), 1_000_000
    header = ",".join(f'"{text.replace(chr(34), "")[:80]}"' for text in texts[:50])
    table = Table.parse(f"epoch,{header}\n1{',1' * 50}\n2{',x' * 50}\n".encode(errors="replace"))
    for name in (*table.columns, *table.remarks, table.x_label):
        yield escape(name, 100), 200


def _counts(seed: int, lines: int) -> Counter[str]:
    numbers, found = random.Random(seed), Counter[str]()
    for _ in range(0, lines, 2_000):
        for text, limit in _messages(list(_hostile(numbers, 2_000))):
            found["messages"] += 1
            found.update(live(text))
            found["too long"] += len(text) > limit
    return found


def test_nothing_of_hostile_texts_comes_to_life() -> None:
    found = _counts(seed=1, lines=2_000)
    assert found["messages"] > 500
    assert {kind: count for kind, count in found.items() if kind != "messages" and count} == {}


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.timeout(900)  # on a machine that is busy with others
def test_nothing_of_a_hundred_thousand_hostile_texts_comes_to_life(capsys: pytest.CaptureFixture[str]) -> None:
    found = _counts(seed=2, lines=100_000)
    counts = {kind: found[kind] for kind in ("messages", "ping", "escape", "link", "too long")}
    with capsys.disabled():
        sys.stdout.write(f"\n100,000 hostile texts: {counts}\n")
    assert not any(count for kind, count in found.items() if kind != "messages")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("hello", []),
        ("<@42> @everyone", ["ping"]),
        ("```\n<@42>\n```", ["ping"]),
        (r"\<\@42>", []),
        ("[a](https://b.example)", ["link"]),
        (r"\[a\](https\://b.example)", []),
        ("`https://b.example`", []),
        ("```\nhttps://b.example\n```", []),
        ("```\na\n```\nb```", ["escape"]),
        ("see https://b.example", ["link"]),
        ("discord.gg/abc", ["link"]),
        ("```\n\x1b[31m\n```", ["escape"]),
    ],
)
def test_reader_sees_what_is_live(text: str, kinds: list[str]) -> None:
    assert live(text) == kinds
