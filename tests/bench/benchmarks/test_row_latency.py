"""The seconds from a row's write to the card with it, from what was written and what the card showed."""

import pytest

from bench.benchmarks.row_latency import Cards, delays
from bench.programs.sources import SOURCES


def _event(job_id: str, score: int, second: int) -> dict[str, object]:
    embed = {
        "title": f"s1 {job_id}",
        "description": f"**Running**\nepoch **{score}**\nscore **{score}**, best **{score}**",
    }
    return {
        "t": "MESSAGE_UPDATE",
        "d": {"content": "", "embeds": [embed], "edited_timestamp": f"1970-01-01T00:00:{second:02}+00:00"},
    }


def test_a_row_counts_from_its_write_to_the_first_card_with_it_or_a_later_one() -> None:
    cards = Cards()
    for job_id, score, second in (("k7q2mx", 1, 12), ("other", 3, 13), ("k7q2mx", 3, 17), ("k7q2mx", 3, 18)):
        cards.add(_event(job_id, score, second))
    cards.add({"t": "MESSAGE_UPDATE", "d": {"content": "a log line: score 4", "embeds": []}})
    assert delays([10, 13, 16], cards.of("k7q2mx")) == [2, 4, 1]


def test_a_row_that_was_never_on_the_card_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="row 2 of 2 was never on the card"):
        delays([10, 13], [(12.0, 1)])


def test_every_source_has_a_program_of_its_own() -> None:
    assert len({source.name for source in SOURCES}) == len({source.script for source in SOURCES}) == 10
