"""Any number of parameters in any number of projects: Discord takes the commands, and each parameter can be set."""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import discord
import pytest
from discord import app_commands

from bot.chat.buttons import job_actions
from bot.chat.client import SignalboxClient
from bot.chat.commands import all_commands
from bot.chat.commands.help import page
from bot.domain.jobs.set_text import merged, read, written
from bot.domain.model.states import EndReason
from bot.domain.parameters import Kind, Parameter, Value, complete
from bot.domain.project import Project
from bot.domain.sweeps.grammar import GrammarError
from bot.ports.code import Code
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.find import Find
from deploy.sandbox.discord.checks.commands import check
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.protocol.errors import FormErrors
from deploy.sandbox.discord.protocol.openapi import OpenApi, find_document
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT, an_ended_job
from tests.bot.chat.room import CHANNEL, connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.waiting import UNHURRIED

COUNTS, PROJECTS = (1, 22, 23, 60, 200), (1, 3, 30)
REGISTER = "/applications/{application_id}/guilds/{guild_id}/commands"


def projects(count: int, number: int, seed: int = 7) -> list[Project]:
    """Half of the names are shared, with types, bounds and choices of each project's own."""
    drawn = random.Random(seed)
    return [
        replace(
            PROJECT,
            name=f"project{each}",
            channel_ids=(),
            parameters=tuple(_parameter(f"shared_{n}" if n % 2 else f"own{each}-{n}", drawn) for n in range(count)),
        )
        for each in range(number)
    ]


def _parameter(name: str, drawn: random.Random) -> Parameter:
    kind = drawn.choice(list(Kind))
    low = drawn.randint(-10, 10)
    bounds = {"minimum": low, "maximum": low + drawn.randint(1, 5)} if kind in (Kind.FLOAT, Kind.INT) else {}
    choices = [f"choice {n}" for n in range(drawn.choice([1, 2, 25, 40]))] if kind is Kind.CHOICE else ()
    required = drawn.random() < 0.1
    declared = Parameter(name, kind, choices=tuple(choices), description="d" * drawn.randint(0, 100), **bounds)
    return replace(declared, default=None if required else declared.sample)


def other_value(parameter: Parameter) -> Value:
    """One that is not its default."""
    if parameter.kind is Kind.BOOLEAN:
        return parameter.default is not True
    if parameter.kind is Kind.STRING:
        return 'two words, "quoted" = x'
    if parameter.kind is Kind.CHOICE:
        return parameter.choices[-1]
    assert parameter.maximum is not None
    return parameter.maximum - 0.5 if parameter.kind is Kind.FLOAT else int(parameter.maximum)


def payload(all_projects: list[Project]) -> list[Json]:
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return [command.to_dict(tree) for command in all_commands(all_projects, "x" * 20)]


@pytest.mark.parametrize("number", PROJECTS)
@pytest.mark.parametrize("count", COUNTS)
def test_discord_takes_the_commands(count: int, number: int) -> None:
    made = projects(count, number)
    bodies = payload(made)
    for body in bodies:
        errors = FormErrors()
        check(body, "", errors)
        assert errors.to_error().body()["errors"] == {}
    OpenApi(find_document()).check("PUT", REGISTER, bodies)
    assert len(page(all_commands(made), made)) <= 4_096


@pytest.mark.parametrize("count", COUNTS)
def test_projects_share_the_options_fairly(count: int) -> None:
    alone = [replace(each, parameters=tuple(_own(each, count))) for each in projects(count, 3)]
    (train,) = (command for command in all_commands(alone) if command.name == "train")
    names = [option.display_name for option in train.parameters]
    served = [sum(p.name in names for p in project.parameters) for project in alone]
    assert sum(served) == min(3 * count, 25 - 4)
    assert max(served) - min(served) <= 1
    assert all(project.parameters[0].name in names for project in alone)


def _own(project: Project, count: int) -> Iterator[Parameter]:
    for number in range(count):
        yield Parameter(f"{project.name}-{number}", Kind.FLOAT, 1.0)


def test_the_config_decides_then_what_is_required_then_the_order() -> None:
    parameters = [Parameter(f"p{number}", Kind.INT, 1) for number in range(60)]
    parameters[58] = replace(parameters[58], default=None)
    parameters[59] = replace(parameters[59], option=True)
    parameters[0] = replace(parameters[0], option=False)
    (train,) = (c for c in all_commands([replace(PROJECT, parameters=tuple(parameters))]) if c.name == "train")
    own = ["p58", *(f"p{number}" for number in range(1, 21)), "p59"]
    assert [option.display_name for option in train.parameters] == [own[0], "branch", "commit", "set", *own[1:]]


@asynccontextmanager
async def _with(made: list[Project]) -> AsyncIterator[tuple[FakeServices, Person]]:
    """A bot with these projects in the stand-in, and a person. Its job k7q2mx has ended."""
    fake = FakeServices()
    fake.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    services = fake.services(made)
    services.complete_options = CompleteOptions(cast("Code", fake), cast("Find", fake), made, fake.permits)  # type: ignore[misc]
    async with DiscordStandIn(limits=UNHURRIED) as stand_in:
        client = SignalboxClient(settings(stand_in), made)
        client.attach(services)
        async with connected(client, stand_in.token), Person(stand_in.url, "mika") as mika:
            yield fake, mika
        assert [entry.details for entry in stand_in.discord.core.ledger.of("openapi.violation")] == []


@pytest.mark.slow
async def test_suggestions_are_those_of_the_chosen_project() -> None:
    numbers = [
        replace(PROJECT, name=name, channel_ids=(), parameters=parameters)
        for name, parameters in (
            ("mnist", (Parameter("n", Kind.INT, 3, 1, 9), Parameter("lr", Kind.FLOAT, 0.5), *_own(PROJECT, 30))),
            ("b", (Parameter("n", Kind.FLOAT, 0.5, 0, 1), Parameter("lr", Kind.CHOICE, "auto", choices=("auto", "1")))),
        )
    ]
    async with _with(numbers) as (_, mika):

        async def values(command: str, focused: str, **options: str) -> list[Value]:
            found = await mika.autocomplete(command, focused, options, channel=CHANNEL)
            return [choice["value"] for choice in found]

        assert await values("train", "set", project="b", set="") == ["n=", "lr="]
        assert await values("train", "set", project="b", set="", lr="auto") == ["n="]
        assert await values("train", "set", project="mnist", set="mnist-29") == ["mnist-29="]
        assert await values("train", "set", set="") == [], "no project is chosen"
        assert await values("sweep", "set", project="b", set="lr=") == ["lr=auto", "lr=1"]
        assert await values("retry", "set", job="k7q2mx", set="mnist-2=") == ["mnist-2=1"]
        assert await values("train", "n", project="b", n="") == [0.5]
        assert await values("train", "n", project="mnist", n="7") == [7]
        assert await values("train", "lr", project="b", lr="") == ["auto", "1"]
        assert await values("train", "lr", project="mnist", lr="0.2") == ["0.2"]
        names = [choice["name"] for choice in await mika.autocomplete("train", "n", {"project": "b"}, channel=CHANNEL)]
        assert names == ["0.5 \u2039default; a number from 0 to 1\u203a"]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "number"), [(1, 1), (22, 1), (23, 3), (60, 3), (200, 30)])
async def test_each_parameter_of_each_project_arrives_typed_in_each_command(
    count: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_actions, "CARD_SECONDS", 0.0)
    made = projects(count, number)
    async with _with(made) as (fake, mika):
        registered = {each["name"]: [o["name"] for o in each.get("options", [])] for each in await mika.commands()}
        for project in {made[0].name: made[0], made[-1].name: made[-1]}.values():
            wanted = {parameter.name: other_value(parameter) for parameter in project.parameters}
            named = {"project": project.name} if number > 1 else {}
            for name, beside in (("train", named), ("retry", {"job": "k7q2mx"})):
                own = {key: value for key, value in wanted.items() if key in registered[name]}
                rest = written({key: value for key, value in wanted.items() if key not in own})
                options = {**beside, **own, **({"set": rest} if rest else {})}
                await mika.run(name, options, channel=CHANNEL, wait=True)
                request = fake.requests[-1]
                found = complete(project.parameters, merged(project.parameters, request.values, request.settings))
                assert _typed(found) == _typed(wanted)
            options = {"space": "x=1", "set": written(wanted), **named}
            await mika.run("sweep", options, channel=CHANNEL, wait=True)
            assert _typed(read(fake.propose.requests[-1].settings, project.parameters)) == _typed(wanted)
    assert len(fake.requests) == 2 * min(number, 2)


def _typed(values: dict[str, Value]) -> dict[str, tuple[type, Value]]:
    return {name: (type(value), value) for name, value in values.items()}


@pytest.mark.parametrize("count", COUNTS)
def test_each_projects_own_bounds_count(count: int) -> None:
    for project in projects(count, 3):
        for parameter in project.parameters:
            assert read(written({parameter.name: other_value(parameter)}), project.parameters)
            if parameter.maximum is not None:
                with pytest.raises(GrammarError, match=f"`{parameter.name}` must be"):
                    read(f"{parameter.name}={parameter.maximum + 1}", project.parameters)
            elif parameter.kind in (Kind.BOOLEAN, Kind.CHOICE):
                with pytest.raises(GrammarError, match=f"`{parameter.name}` must be"):
                    read(f"{parameter.name}=nothing", project.parameters)
