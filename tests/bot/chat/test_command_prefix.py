"""`discord.command_prefix`: registration, mentions and the config."""

import re

import pytest
from pydantic import ValidationError

from bot.chat.client import SignalboxClient
from bot.chat.commands import all_commands
from bot.config.discord import LONGEST_PREFIX, Discord
from bot.domain.texts.command_names import COMMANDS, command
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import CHANNEL, connected, settings
from tests.bot.chat.services import FakeServices
from tests.support.waiting import UNHURRIED


def test_every_command_is_known_to_the_texts() -> None:
    assert {each.name for each in all_commands([PROJECT])} == set(COMMANDS)
    assert {each.name for each in all_commands([PROJECT], "sb-")} == {f"sb-{name}" for name in COMMANDS}
    assert {each.name for each in all_commands([PROJECT])} == set(COMMANDS), "renamed copies, not the commands"


@pytest.mark.parametrize("prefix", ["sb-", "訓練-", "x" * LONGEST_PREFIX, "ラボ"])
async def test_commands_are_registered_and_answered_under_their_prefix(prefix: str) -> None:
    async with DiscordStandIn(limits=UNHURRIED) as discord:
        client = SignalboxClient(settings(discord).model_copy(update={"command_prefix": prefix}), (PROJECT,))
        client.attach(FakeServices().services())
        async with connected(client, discord.token), Person(discord.url, "mika") as mika:
            registered = {each["name"]: each["id"] for each in await mika.commands()}
            assert set(registered) == {f"{prefix}{name}" for name in COMMANDS}
            assert command("train") == f"</{prefix}train:{registered[f'{prefix}train']}>"
            outcome = await mika.type(f"/{prefix}status", channel=CHANNEL, wait=True)
            assert outcome["message"]["content"].startswith(f"No job is live. {command('train')} starts one")
            outcome = await mika.type(f"/{prefix}help", channel=CHANNEL, wait=True)
            page = outcome["message"]["embeds"][0]["description"]
            assert all(
                f"</{prefix}{name}:{registered[f'{prefix}{name}']}>" in page for name in COMMANDS if name != "help"
            )
            example = re.search(r"as in `(.+)`", page)
            assert example is not None
            assert (await mika.type(example[1], channel=CHANNEL, wait=True))["state"] == "acknowledged"
            client._registration.forget()
            assert command("train") == f"`/{prefix}train`"


@pytest.mark.parametrize("prefix", ["", "sb-", "sb_", "訓練-", "ラボ-", "한-", "x" * LONGEST_PREFIX, "हि"])
def test_prefixes_that_discord_takes(prefix: str) -> None:
    assert Discord(guild_id=1, command_prefix=prefix).command_prefix == prefix
    assert all_commands([PROJECT], prefix)


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("/sb-", "Discord adds the slash itself"),
        ("SB-", 'small letters only, "sb-"'),
        ("Ä-", "small letters only"),
        ("sb ", 'has " "'),
        ("sb.", 'has "."'),
        ("sb:", 'has ":"'),
        ("🤖", 'has "🤖"'),
        ("x" * (LONGEST_PREFIX + 1), f"at most {LONGEST_PREFIX}"),
    ],
)
def test_prefixes_that_discord_refuses(prefix: str, words: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(words)):
        Discord(guild_id=1, command_prefix=prefix)
