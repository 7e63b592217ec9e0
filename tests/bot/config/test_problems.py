"""Every wrong value in config.toml is explained in our words: the setting, what it must be, what it is."""

import copy
import datetime
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.config.loading import Config
from bot.config.problems import problems

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
# The comments become settings, apart from what excludes something else.
_TEXT = re.sub(r"^# (?=\[?[a-z_.]+(\]| =))", "", EXAMPLE.read_text(), flags=re.M)
_TEXT = _TEXT.replace('host = "none"', 'host = "t3.micro"').replace('action = "boolean_optional"', "")
CONTENT: dict[str, Any] = tomllib.loads(_TEXT)

WRONG: tuple[object, ...] = (
    -1,
    10**30,
    0.5,
    float("nan"),
    float("inf"),
    True,
    "",
    "A b/ç",
    "x" * 300,
    [],
    [1],
    ["", "a b"],
    [["a"]],
    {},
    {"a": 1},
    {"A B": {}},
    datetime.date(2026, 11, 29),
    datetime.datetime(2026, 11, 29, 7, tzinfo=datetime.UTC),
)
NOT_OURS = re.compile(
    r"Input should|should be|valid (tuple|dictionary|list|integer|string|number|boolean|date)|Value error|Assertion"
    r"|match pattern|pattern '|\^\[|unable to parse|instance of|validation|pydantic|finite|ensure|datetime\."
    r"|\btuple\b|\bdict\b|\[type=|Kind\.|Style\.|Action\.|Extra inputs|Field required",
    re.IGNORECASE,
)


def _places(content: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in content.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from _places(value, (*path, key))


def _put(content: Any, path: tuple[str, ...], value: object) -> Any:
    changed = copy.deepcopy(content)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def test_the_example_with_its_comments_is_valid() -> None:
    Config.model_validate(CONTENT)
    assert len(list(_places(CONTENT))) > 90


@pytest.mark.parametrize("path", list(_places(CONTENT)), ids=".".join)
def test_a_wrong_value_is_explained_in_words(path: tuple[str, ...]) -> None:
    for value in WRONG:
        try:
            Config.model_validate(_put(CONTENT, path, value))
        except ValidationError as error:
            lines = problems(error, Config)
            assert lines
            for line in lines:
                assert not NOT_OURS.search(line.replace(" None", "pydantic")), (value, line)
                assert len(line) < 900, line


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("projects.mnist.branches", [1], "projects.mnist.branches: entry 1 must be text in quotes, not 1"),
        ("projects.mnist.channels", "x", 'projects.mnist.channels must be a list of numbers such as [1, 2], not "x"'),
        ("projects.mnist.channels", ["x"], 'projects.mnist.channels: entry 1 must be a whole number, not "x"'),
        ("deploy.spot_instances", ["A"], "deploy.spot_instances: entry 1 must be an instance type such as g4dn.xlarge"),
        ("bot.http_port", {"a": True}, "bot.http_port must be a whole number, not {a = true}"),
        ("pace.logs", datetime.date(2026, 11, 29), "pace.logs must be a number, not 2026-11-29"),
        (
            "projects.mnist.parameters.lr.default",
            [0.1],
            "projects.mnist.parameters.lr.default must be text in quotes, a number, true or false, not [0.1]",
        ),
        ("deploy.log_days", 10**30, "deploy.log_days must be a smaller number"),
    ],
)
def test_lines_name_the_entry_and_write_values_as_toml(path: str, value: object, line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(_put(CONTENT, tuple(path.split(".")), value))
    found = problems(caught.value, Config)
    assert len(found) == 1
    assert found[0].startswith(line)


@pytest.mark.parametrize("path", list(_places(CONTENT)), ids=".".join)
def test_an_unknown_name_beside_a_setting_is_explained(path: tuple[str, ...]) -> None:
    for name in ("Nope", "nope nope", "", "日本", path[-1].upper()):
        try:
            Config.model_validate(_put(CONTENT, (*path[:-1], name), CONTENT))
        except ValidationError as error:
            for line in problems(error, Config):
                assert not NOT_OURS.search(line), (name, line)
