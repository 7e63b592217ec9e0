"""The page's parser: a line becomes options, and an option's text becomes a value or an error."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.page.screen import Open

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

NAMES = ["branch", "lr", "note", "学習率", "दर"]
SPLIT = """async ([lines, names]) => {
  const { splitOptions } = await import("./page/composer/command.js");
  return lines.map((line) => { const { words, values } = splitOptions(line, names); return [words, values]; });
}"""
LINES: dict[str, list[Any]] = {
    "branch:main lr:0.1": ["", [["branch", "main"], ["lr", "0.1"]]],
    "lr=0.1,0.01 m=0.5": ["lr=0.1,0.01 m=0.5", []],
    "lr=0.1 branch:main": ["lr=0.1", [["branch", "main"]]],
    "branch: main  lr:": ["", [["branch", "main"], ["lr", ""]]],
    "note:two words lr:1": ["", [["note", "two words"], ["lr", "1"]]],
    'note:"a lr:2" lr:1': ["", [["note", "a lr:2"], ["lr", "1"]]],
    "note:http://x lr:1": ["", [["note", "http://x"], ["lr", "1"]]],
    "lr:1 lr:2": ["", [["lr", "1 lr:2"]]],
    "other:1": ["other:1", []],
    "学習率:0.1 दर:1": ["", [["学習率", "0.1"], ["दर", "1"]]],
}

COERCE = """async (cases) => {
  const { coerce } = await import("./page/composer/command.js");
  return cases.map(([option, text]) => coerce(option, text));
}"""
INTEGER, NUMBER = {"type": 4, "min_value": 1, "max_value": 9}, {"type": 10, "min_value": 0}
CHOICE = {"type": 3, "choices": [{"name": "SGD", "value": "sgd"}, {"name": "Adam", "value": "adam"}]}
VALUES: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (INTEGER, "3", {"value": 3}),
    (INTEGER, "3.5", {"error": '"3.5" is not a whole number, 1 to 9.'}),
    (INTEGER, "12", {"error": '"12" is not a whole number, 1 to 9.'}),
    (NUMBER, " 1e-3 ", {"value": 0.001}),
    (NUMBER, "0,5", {"value": 5}),
    (INTEGER, "1,000", {"error": '"1,000" is not a whole number, 1 to 9.'}),
    (NUMBER, "1_000", {"error": '"1_000" is not a number, at least 0.'}),
    (NUMBER, "0x10", {"error": '"0x10" is not a number, at least 0.'}),
    (NUMBER, "0.1 speed:9", {"error": '"0.1 speed:9" is not a number, at least 0. There is no option speed.'}),
    (CHOICE, "adam", {"value": "adam"}),
    (CHOICE, "Adagrad", {"error": '"Adagrad" is not one of SGD, Adam.'}),
    ({"type": 5}, "true", {"value": True}),
    ({"type": 3, "max_length": 3}, "four", {"error": "This has 4 characters; it takes 0 to 3."}),
    ({"type": 3}, " ", {"error": "This option is required."}),
]


@pytest_asyncio.fixture(loop_scope="session")
async def page(stand_in: DiscordStandIn, open_page: Open) -> Page:
    return (await open_page()).page


async def test_line_is_split_at_option_names(page: Page) -> None:
    found = await page.evaluate(SPLIT, [list(LINES), NAMES])
    assert dict(zip(LINES, found, strict=True)) == LINES


async def test_text_becomes_a_value_or_an_error(page: Page) -> None:
    cases = [(option, text) for option, text, _ in VALUES]
    assert await page.evaluate(COERCE, cases) == [expected for _, _, expected in VALUES]
