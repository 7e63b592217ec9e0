"""A config that loads makes commands that Discord takes; any other names the setting to change."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import discord
import pytest
import tomli_w
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.commands import all_commands
from bot.config import loading
from bot.errors import ConfigError
from deploy.sandbox.discord.checks.commands import check
from deploy.sandbox.discord.protocol.errors import FormErrors
from deploy.sandbox.discord.protocol.wire import Json

PROJECT = {
    "repository": "https://example.org/a.git",
    "command": ["python", "train.py"],
    "queue": "q",
    "job_definition": "j",
    "bucket": "b",
}
ROBOT = "\N{ROBOT FACE}"


def content(*parameters: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """One project for each of the tables of parameters."""
    projects = {f"p{number}": {**PROJECT, "parameters": each} for number, each in enumerate(parameters)}
    return {"discord": {"guild_id": 1, "command_prefix": prefix}, "aws": {"region": "r"}, "projects": projects}


def payload(path: Path) -> list[Json]:
    """What is sent to Discord."""
    config = loading.load(path)
    commands = all_commands(loading.projects(config), config.discord.command_prefix)
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return [command.to_dict(tree) for command in commands]


def written(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(tomli_w.dumps(value), encoding="utf-8")
    return path


def refused(bodies: Sequence[Json]) -> Iterator[object]:
    """What the stand-in refuses, by Discord's rules."""
    for body in bodies:
        errors = FormErrors()
        check(body, "", errors)
        if found := errors.to_error().body().get("errors"):
            yield found


def number(**changes: Any) -> dict[str, Any]:
    return {"type": "float", "default": 0.1, **changes}


def choice(*choices: str, **changes: Any) -> dict[str, Any]:
    return {"type": "choice", "choices": list(choices), "optional": True, **changes}


LARGE = {f"c{n}": choice(*(f"{n}{c:099}" for c in range(25))) for n in range(2)}
ACCEPTED = {
    "22 parameters in two projects": [{f"p{n}": number() for n in range(22)}, {"p0": number()}],
    "25 choices of 100 characters": [{"c": choice(*(f"{n:0100}" for n in range(25)))}],
    "25 choices in two projects": [{"c": choice(*map(str, range(13)))}, {"c": choice(*map(str, range(12, 25)))}],
    "names of 32 characters": [{"n" * 32: number()}],
    "a description of 100 characters": [{"a": number(description="d" * 100)}],
    "a description of 50 emoji": [{"a": number(description=ROBOT * 50)}],
    "a default of 6,000 characters": [{"a": {"type": "string", "default": "x" * 6_000}}],
    "a default of emoji": [{"a": {"type": "string", "default": ROBOT * 90, "description": ROBOT * 50}}],
    "choices of 50 emoji": [{"c": choice(ROBOT * 50)}],
    "whole bounds beyond Discord's": [{"a": {"type": "int", "default": 1, "min": -(2**60), "max": 2**60}}],
    "bounds beyond Discord's": [{"a": number(min=-1e300, max=1e300)}],
    "bounds between whole numbers": [{"a": {"type": "int", "default": 1, "min": 0.2, "max": 1.8}}],
    "parameters that must be given": [{"a": {"type": "float"}, "b": number(), "c": {"type": "string"}}],
    "26 projects": [{"a": number()} for _ in range(26)],
    "names like Python's": [{name: number() for name in ("lambda", "self", "interaction", "a-b", "a_b")}],
    "23 parameters": [{f"p{n}": number() for n in range(23)}],
    "23 in two projects": [{f"p{n}": number() for n in range(12)}, {f"q{n}": number() for n in range(11)}],
    "two types": [{"a": number()}, {"a": choice("x")}],
    "all types": [
        {"a": number()},
        {"a": choice("x")},
        {"a": {"type": "int"}},
        {"a": {"type": "string"}},
        {"a": {"type": "boolean"}},
    ],
    "two bounds": [{"a": number(min=0)}, {"a": number(max=1, default=0.2)}],
    "two defaults of a choice": [{"a": choice("x", "y")}, {"a": choice("x", "y", optional=False, default="x")}],
    "26 choices": [{"c": choice(*map(str, range(26)))}],
    "26 choices in two projects": [{"c": choice(*map(str, range(13)))}, {"c": choice(*map(str, range(13, 26)))}],
    "more than 8,000 characters": [LARGE],
    "8,000 in two projects": [{"c0": LARGE["c0"]}, {"c1": LARGE["c1"]}],
    "a parameter called set": [{"set": number()}],
    "choices in Japanese": [{"c": choice("勾配", "確率")}],
    "choices that differ in capitals": [{"c": choice("a", "A")}],
}


@pytest.mark.parametrize("parameters", ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.parametrize("prefix", ["", "sb-", "訓練-", "हि", "x" * 23])
def test_what_loads_is_taken(tmp_path: Path, parameters: list[dict[str, Any]], prefix: str) -> None:
    bodies = payload(written(tmp_path / "config.toml", content(*parameters, prefix=prefix)))
    assert list(refused(bodies)) == []
    assert len({body["name"] for body in bodies}) == len(bodies) <= 100


REFUSED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "a choice of 101": ([{"c": choice("x" * 101)}], "projects.p0.parameters.c: choice"),
    "a choice of 51 emoji": ([{"c": choice(ROBOT * 51)}], "projects.p0.parameters.c: choice"),
    "an empty choice": ([{"c": choice("a", "")}], "projects.p0.parameters.c: choice"),
    "a choice nobody can see": ([{"c": choice("a", "\u200b")}], "projects.p0.parameters.c: choice"),
    "equal choices": ([{"c": choice("a", "a")}], "projects.p0.parameters.c: choice"),
    "a description of 101": ([{"a": number(description="d" * 101)}], "projects.p0.parameters.a.description"),
    "a description of 51 emoji": ([{"a": number(description=ROBOT * 51)}], "projects.p0.parameters.a"),
    "a blank description": ([{"a": number(description="\u3000")}], "projects.p0.parameters.a: description"),
    "a name in Japanese": ([{"学習率": number()}], "projects.p0.parameters.学習率"),
    "a name with a capital": ([{"Lr": number()}], "projects.p0.parameters.Lr"),
    "a name of 33 characters": ([{"n" * 33: number()}], f"projects.p0.parameters.{'n' * 33}"),
    "one of the bot's names": ([{"branch": number()}], "projects.p0: parameter names branch"),
    "min above max": ([{"a": number(min=2, max=1)}], "projects.p0.parameters.a: min"),
}


@pytest.mark.parametrize(("parameters", "key"), REFUSED.values(), ids=REFUSED)
def test_what_discord_would_refuse_does_not_load(tmp_path: Path, parameters: list[dict[str, Any]], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loading.load(written(tmp_path / "config.toml", content(*parameters)))
    assert any(key in problem for problem in caught.value.problems), caught.value.problems
    assert not any(problem.startswith("the file") for problem in caught.value.problems), caught.value.problems


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=110)
_parameters = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True),
    st.one_of(
        st.builds(lambda text, low: number(description=text, min=low, max=1), _texts, st.floats()),
        st.builds(lambda choices, text: choice(*choices, description=text), st.lists(_texts, max_size=27), _texts),
        st.builds(lambda text, default: {"type": "string", "default": default, "description": text}, _texts, _texts),
    ),
    max_size=24,
)


@given(st.lists(_parameters, min_size=1, max_size=3))
def test_any_config_that_loads_is_taken(tmp_path_factory: pytest.TempPathFactory, parameters: list[Any]) -> None:
    path = written(tmp_path_factory.mktemp("any") / "config.toml", content(*parameters))
    with suppress(ConfigError):
        assert list(refused(payload(path))) == []
