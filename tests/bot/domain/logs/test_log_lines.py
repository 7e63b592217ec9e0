import json
import re
from itertools import pairwise

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.inert import ZERO_WIDTH_SPACE, disarmed
from bot.domain.logs.log_blocks import block, digest, event_block
from bot.domain.logs.log_lines import LONGEST_EVENT, LONGEST_LINE, LogEvent, clean, cut, numbered, readable, units

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇯🇵"
ACCENTED = "e\u0301\u0323"

HARM = ("```", "``", "`", "@everyone", "@here", "<@1>", "<@!1>", "<@&2>", "<#3>", "\u202e", "\u2066", "\ud83d")
CONTROLS = ("\r", "\n", "\r\n", "\x00", "\b", "\t", "\x1b[31m", "\x1b[K", "\x1b[2K", "\x1b]0;title\x07", "\x1b")
WORDS = (FAMILY, FLAG, ACCENTED, "السلام", "日本語", "a", " ", "100%|███|")
nasty = st.sampled_from([*HARM, *CONTROLS, *WORDS])
texts = st.lists(nasty | st.text(max_size=5), max_size=30).map("".join)
lines = st.lists(texts.map(clean).map(lambda text: text.replace("\n", " ")), min_size=1, max_size=20)


def events(*messages: str) -> list[LogEvent]:
    return [LogEvent(str(n), "stream", n, message) for n, message in enumerate(messages)]


class TestClean:
    @pytest.mark.parametrize(
        ("message", "seen"),
        [
            ("plain", "plain"),
            ("a\tb", "a\tb"),
            ("10%\r20%\r30%", "30%"),
            ("100 of 100\r5", "500 of 100"),
            ("50%\r", "50%"),
            ("one\r\ntwo\r\n", "one\ntwo\n"),
            ("a\r\r\nb", "a\nb"),
            ("long line\r\x1b[Kshort", "short"),
            ("long line\x1b[2K\rshort", "short"),
            ("long line\x1b[1Gshort", "shortline"),
            ("12%\b\b\b13%", "13%"),
            ("\b\b\bx", "x"),
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x9b31mred", "red"),
            ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b(Btext\x1b=", "text"),
            ("torn \x1b", "torn "),
            ("torn \x1b[3", "torn "),
            ("nul\x00l", "null"),
            ("\x1b[\x0031mred", "red"),
            ("abc\u202egpj.exe\u202c", "abcgpj.exe"),
            ("\ud83d\ude00", "😀"),
            ("half \ud83d", "half \ufffd"),
            ("a\u2028b", "a b"),
            (FAMILY, FAMILY),
            ("مرحبا", "مرحبا"),
        ],
    )
    def test_shows_what_a_terminal_would(self, message: str, seen: str) -> None:
        assert clean(message) == seen

    @given(texts)
    def test_leaves_nothing_that_controls(self, message: str) -> None:
        cleaned = clean(message)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned)
        cleaned.encode()

    @given(texts)
    def test_is_done_at_once(self, message: str) -> None:
        assert clean(clean(message)) == clean(message)

    @pytest.mark.parametrize(
        "message",
        [
            "x" * 262_144 + "\r" * 100_000,
            "\x1b]" * 131_072,
            "\x1b[" * 131_072,
            ("x" * 1_000 + "\x1b[2K") * 260,
            "x\b" * 131_072,
        ],
        ids=["returns", "links", "colours", "erasures", "backspaces"],
    )
    def test_a_hostile_quarter_of_a_megabyte_ends(self, message: str) -> None:
        assert len(clean(message)) <= 262_144


class TestDisarmed:
    @given(texts)
    def test_neither_closes_a_block_nor_mentions(self, text: str) -> None:
        made = disarmed(text)
        assert "```" not in made
        assert not re.search(r"@everyone|@here|<@[!&]?\d+>|<#\d+>", made)

    @given(texts)
    def test_reads_as_before(self, text: str) -> None:
        assert disarmed(text).replace(ZERO_WIDTH_SPACE, "") == text.replace(ZERO_WIDTH_SPACE, "")

    def test_leaves_what_harms_nobody(self) -> None:
        code = "a <@ b, `x` ``y`` mika@example.org <#include>"
        assert disarmed(code) == code


class TestReadable:
    def test_leaves_out_the_machine_lines(self) -> None:
        row = "@metrics " + json.dumps({"epoch": 1, "loss": 0.5})
        trouble = '@signalbox {"error": "install-failed", "message": "no"}'
        assert readable(events("before", row, trouble, "after")) == ["before", "after"]

    @pytest.mark.parametrize(
        ("before", "shown"),
        [
            ("INFO:root:", []),
            ("[rank0]: ", []),
            ("\r 80%|########  | 4/5 [00:04<00:01]", [" 80%|########  | 4/5 [00:04<00:01]"]),
        ],
    )
    def test_of_a_row_behind_something_only_a_bar_is_shown(self, before: str, shown: list[str]) -> None:
        assert readable(events(before + '@metrics {"epoch": 1, "loss": 0.5}')) == shown

    def test_keeps_what_only_looks_like_one(self) -> None:
        said = ["see @metrics {}", "@metrics are printed below", "@property {x}"]
        assert readable(events(*said)) == said

    def test_of_a_progress_bar_the_latest_stays(self) -> None:
        bars = [f"{n:3}%|{'█' * (n // 10):10}| {n}/100 [00:0{n // 25}<00:01]" for n in (10, 50, 90)]
        assert readable(events("start", *bars, "end")) == ["start", bars[-1], "end"]

    def test_a_finished_bar_stays_beside_the_next_one(self) -> None:
        bars = ["100%|██████████| 938/938 [00:12<00:00]", "  5%|▌         | 50/938 [00:01<00:11]"]
        assert readable(events(*bars)) == bars

    def test_numbers_that_move_are_no_progress_bar(self) -> None:
        said = ["epoch 1 accuracy 91%", "epoch 2 accuracy 93%"]
        assert readable(events(*said)) == said

    def test_cuts_a_very_long_line_and_says_so(self) -> None:
        (line,) = readable(events("x" * 13_000))
        kept = line.index("…")
        assert units(line) <= LONGEST_LINE
        assert line.endswith(f"… (+{13_000 - kept:,} characters)")

    def test_of_an_event_with_too_many_lines_the_first_and_the_last_stay(self) -> None:
        shown = readable(events("\n".join(f"line {n} of a long traceback" for n in range(500))))
        assert shown[0].startswith("line 0 ")
        assert shown[-1].startswith("line 499 ")
        (gap,) = [line for line in shown if line.startswith("…")]
        assert gap == f"… (+{500 - (len(shown) - 1)} lines)"

    @given(st.lists(texts, max_size=10))
    def test_an_event_fits_into_a_message(self, messages: list[str]) -> None:
        for message in messages:
            assert sum(units(line) for line in readable(events(message))) <= LONGEST_EVENT

    @given(st.lists(texts, max_size=10))
    def test_lines_know_their_event_in_order(self, messages: list[str]) -> None:
        places = [place for place, _ in numbered(events(*messages))]
        assert all(before <= after for before, after in pairwise(places))


def inside(text: str) -> list[str]:
    """The lines in a code block; fails where the text is anything but one whole block."""
    assert text.startswith("```\n")
    assert text.endswith("\n```")
    body = text.removeprefix("```\n").removesuffix("\n```")
    assert "```" not in body
    return body.split("\n")


class TestBlock:
    @given(lines, st.integers(60, 400))
    @example(["```", "", "`"], 60)
    @example([FAMILY * 100], 60)
    @example(["", "", ""], 60)
    def test_never_exceeds_the_limit_nor_breaks_out(self, given_lines: list[str], limit: int) -> None:
        text, taken = block(given_lines, limit)
        assert units(text) <= limit
        assert 1 <= taken <= len(given_lines)
        shown = inside(text)
        assert "".join(shown).strip("\n")  # an empty block is none to Discord

    @given(lines, st.integers(60, 400))
    def test_gives_every_line_in_order(self, given_lines: list[str], limit: int) -> None:
        shown: list[str] = []
        rest = given_lines
        while rest:
            text, taken = block(rest, limit)
            shown += inside(text) if inside(text) != [ZERO_WIDTH_SPACE] else [""] * taken
            rest = rest[taken:]
        assert len(shown) == len(given_lines)
        for line, original in zip(shown, given_lines, strict=True):
            kept = line.split("… (+")[0] if "… (+" in line else line
            assert disarmed(original).startswith(kept)

    @given(lines)
    def test_takes_as_many_as_fit(self, given_lines: list[str]) -> None:
        _, taken = block(given_lines, 200)
        if taken < len(given_lines):
            body = "\n".join(map(disarmed, given_lines[: taken + 1]))
            assert units(f"```\n{body}\n```") > 200

    def test_a_quarter_of_a_megabyte_in_one_line(self) -> None:
        text, taken = block([FAMILY * 24_000, "next"])
        assert taken == 1
        assert 1_900 < units(text) <= 2_000
        assert re.search(r"… \(\+\d{3},\d{3} characters\)\n```$", text)

    def test_of_no_lines_there_is_no_block(self) -> None:
        assert block([]) == ("", 0)


class TestEventBlock:
    @given(st.lists(texts, min_size=1, max_size=12), st.integers(1_700, 2_000))
    def test_gives_every_line_once_and_in_order(self, messages: list[str], limit: int) -> None:
        shown: list[str] = []
        rest = events(*messages)
        while rest:
            text, taken = event_block(rest, limit)
            assert units(text) <= limit
            assert taken >= 1
            shown += readable(rest[:taken])
            if text:
                assert "\n".join(inside(text)).strip("\n" + ZERO_WIDTH_SPACE) == "\n".join(
                    map(disarmed, readable(rest[:taken]))
                ).strip("\n" + ZERO_WIDTH_SPACE)
            rest = rest[taken:]
        lines = [line for message in messages for line in readable(events(message))]
        assert [line for line in shown if "%" not in line] == [line for line in lines if "%" not in line]

    def test_ends_between_two_events(self) -> None:
        trace = "\n".join(f"line {n} of the trace" for n in range(50))
        waiting = events("x" * 1_000, trace, "after")
        first, taken = event_block(waiting)
        assert (taken, inside(first)) == (1, ["x" * 1_000])
        second, _ = event_block(waiting[1:])
        assert inside(second) == [*trace.split("\n"), "after"]

    def test_one_that_does_not_fit_alone_is_cut_and_not_told_again(self) -> None:
        text, taken = event_block(events("@metrics {}", "\n".join("y" * 90 for _ in range(10)), "after"), 400)
        assert (taken, len(inside(text))) == (2, 4)

    def test_machine_lines_are_covered_and_not_shown(self) -> None:
        assert event_block(events("@metrics {}", "@metrics {}")) == ("", 2)


class TestCut:
    @pytest.mark.parametrize("grapheme", [FAMILY, FLAG, ACCENTED, "👍🏽", "각", "é"])
    @pytest.mark.parametrize("room", range(40, 60))
    def test_never_inside_what_is_seen_as_one(self, grapheme: str, room: int) -> None:
        kept = cut(grapheme * 50, room).split("…")[0]
        assert regex.fullmatch(f"(?:{grapheme})*", kept)

    @given(texts.map(clean), st.integers(30, 60))
    def test_keeps_the_beginning_and_counts_the_rest(self, text: str, room: int) -> None:
        short = cut(text, room)
        assert units(short) <= room
        if short != text and (counted := re.fullmatch(r"(?s)(.*)… \(\+([\d,]+) characters?\)", short)):
            assert text.startswith(counted[1])
            assert len(text) == len(counted[1]) + int(counted[2].replace(",", ""))

    def test_one_character_that_is_too_long_alone_is_cut_between_code_points(self) -> None:
        zalgo = "e" + "\u0301" * 5_000
        short = cut(zalgo, 100)
        assert 1 <= units(short) <= 100
        assert short.startswith("e\u0301")


class TestDigest:
    @given(lines, st.integers(0, 10**6), st.integers(200, 600))
    def test_fits_and_accounts_for_every_line(self, given_lines: list[str], before: int, limit: int) -> None:
        text = digest(given_lines, before, limit=limit)
        assert units(text) <= limit
        head = re.match(r"… ([\d,]+) lines? left out here; the whole log is attached at the end\n", text)
        left_out = int(head[1].replace(",", "")) if head else 0
        shown = inside(text[head.end() :] if head else text)
        if shown != [ZERO_WIDTH_SPACE]:
            assert left_out + len(shown) == before + len(given_lines)
            assert shown[-1].split("… (+")[0] == disarmed(given_lines[-1])[: len(shown[-1].split("… (+")[0])]

    def test_says_how_many_are_gone_and_shows_the_last(self) -> None:
        text = digest([f"line {n}" for n in range(1_000)], 12_000)
        assert text.startswith("… 12,")
        assert text.endswith("line 999\n```")

    def test_says_nothing_of_lines_left_out_where_there_are_none(self) -> None:
        assert digest(["a", "b"]) == "```\na\nb\n```"

    def test_without_lines_the_count_stays(self) -> None:
        assert digest([], 7) == "… 7 lines left out here; the whole log is attached at the end"
