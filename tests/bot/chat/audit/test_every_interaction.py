"""Every command, button and form leaves exactly one entry, whoever uses it and however it ends.

Generated from the code's own lists: a command or a button that leaves none, or two, turns this red.
"""

from dataclasses import dataclass
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from bot.chat import gate
from bot.chat.buttons import job_actions
from bot.chat.buttons.views import JobButton
from bot.chat.commands import all_commands
from bot.chat.interactions import Action
from bot.domain.audit.entry import Decision, Entry
from bot.errors import BadInput, Throttled
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.jobs import PROJECT, a_sweep
from tests.bot.chat.room import CHANNEL, Room

pytestmark = pytest.mark.slow

COMMANDS = {command.name: command for command in all_commands([PROJECT])}
REQUIRED: dict[str, object] = {"job": "k7q2mx", "space": "lr=0.1,0.2", "type": "g4dn.xlarge"}
"""Something for each required option: a command with another one needs another value here."""


@dataclass
class Audience:
    """A room where everything can be used, on one sweep."""

    room: Room

    @property
    def entries(self) -> list[Entry]:
        return self.room.services.entries

    async def use(self, person: Person, what: str) -> str:
        """Use a command, a button or the form by the name that it has in the audit; the id of the interaction."""
        kind, _, name = what.partition(" ")
        if kind == "button":
            answer = await person.click(await self._buttons(), f"sb:{name}:k7q2mx", wait=True)
        elif kind == "form":
            opened = await person.click(await self._buttons(), f"sb:{name}:k7q2mx", wait=True)
            self.entries.clear()
            answer = await person.fill(opened["interaction_id"], {"epochs": "20"}, wait=True)
        else:
            needed = {each.display_name: REQUIRED[str(each.display_name)] for each in _required(kind)}
            answer = await person.run(kind.removeprefix("/"), needed, channel=CHANNEL, wait=True)
        return str(answer["interaction_id"])

    async def _buttons(self) -> Json:
        """A new message with every button: some of them replace the message they are on."""
        view = discord.ui.View(timeout=None)
        for action in Action:
            view.add_item(JobButton(action, "k7q2mx"))
        view.stop()
        client = self.room.client
        await client.get_partial_messageable(self.room.channel_id, guild_id=client.guild_id).send("all", view=view)
        return (await self.room.mika.messages(CHANNEL))[-1]


def _required(what: str) -> list[Any]:
    return [each for each in COMMANDS[what.removeprefix("/")].parameters if each.required]


@pytest.fixture
async def audience(room: Room, monkeypatch: pytest.MonkeyPatch) -> Audience:
    monkeypatch.setattr(job_actions, "CARD_SECONDS", 0.01)
    room.services.known["k7q2mx"] = a_sweep()  # type: ignore[assignment]  # the fake keeps both
    return Audience(room)


ALL = (
    *(f"/{name}" for name in COMMANDS),
    *(f"button {action}" for action in Action),
    *(f"form {action}" for action in gate.FORMS),
)


HIDDEN = {f"/{name}" for name, command in COMMANDS.items() if command.default_permissions is not None}
"""Discord's client does not offer them to everybody."""
ENDS = (
    (None, Decision.ALLOWED),
    (BadInput("No."), Decision.REFUSED),
    (Throttled("Slow down"), Decision.FAILED),
    (RuntimeError("a bug"), Decision.FAILED),
)


async def test_leaves_one_entry_however_it_ends(audience: Audience) -> None:
    """As an administrator: with success, and with each kind of error from below."""
    with capture_logs():  # a traceback with all these values takes a second to print
        for error, decided in ENDS:
            for what in ALL:
                audience.room.services.error = None if what.startswith("form") else error
                await _leaves_one(audience, what, decided)


async def _leaves_one(audience: Audience, what: str, decided: Decision) -> None:
    room = audience.room
    audience.entries.clear()
    once = await audience.use(room.mika, what)
    (entry,) = audience.entries
    assert (entry.once, entry.what) == (once, what)
    assert entry.by.id == int(room.discord.people["mika"])
    assert entry.by.roles
    assert entry.place.channel_id == room.channel_id
    assert entry.place.guild_id == room.client.guild_id
    assert (entry.decided is Decision.ALLOWED) == (entry.why == "")
    if what == "/train":
        assert entry.decided is decided


async def test_refusal_by_access_is_on_record(audience: Audience) -> None:
    guest, services = audience.room.guest, audience.room.services
    refused = set()
    for what in ALL:
        if what.startswith("form") or what in HIDDEN:
            continue
        audience.entries.clear()
        await audience.use(guest, what)
        (entry,) = audience.entries
        if entry.decided is Decision.REFUSED:
            refused.add(what)
            assert entry.why
    needs_more = {f"/{name}" for name, needs in gate.COMMANDS.items() if needs and gate.Verb.SEE not in needs}
    needs_more |= {f"button {action}" for action, needs in gate.BUTTONS.items() if gate.Verb.SEE not in needs}
    assert refused >= needs_more - HIDDEN
    assert services.stopped == services.requests == []


async def test_what_was_typed_and_where_is_on_record(audience: Audience) -> None:
    room = audience.room
    line = "/train branch:main lr:0.05 epochs:3"
    await room.mika.type(line, channel=CHANNEL, wait=True)
    (entry,) = audience.entries
    assert entry.options == {"branch": "main", "lr": "0.05", "epochs": "3"}
    audience.entries.clear()
    await room.mika.run("status", {"job": "k7q2mx.4"}, channel=CHANNEL, wait=True)
    (entry,) = audience.entries
    assert entry.effect.job == "k7q2mx.4"


async def test_suggestions_leave_no_entry(audience: Audience) -> None:
    assert await audience.room.mika.autocomplete("status", "job", {"job": "k7"}, channel=CHANNEL)
    assert audience.entries == []


async def test_somebody_with_too_much_under_way_is_refused_and_others_are_not(audience: Audience) -> None:
    room, services = audience.room, audience.room.services
    services.limit(2)
    services.one_trial.may_draw.clear()
    try:
        outcomes = [await room.guest.run("plot", {"job": "k7q2mx.1"}, channel=CHANNEL) for _ in range(2)]
        await room.guest.run("plot", {"job": "k7q2mx.1"}, channel=CHANNEL, wait=True)
        other = await room.mika.run("status", {"job": "k7q2mx"}, channel=CHANNEL, wait=True)
        assert other["message"]["embeds"]
    finally:
        services.one_trial.may_draw.set()
    assert all(outcome["state"] == "acknowledged" for outcome in outcomes)
    (entry,) = [each for each in audience.entries if each.decided is Decision.REFUSED]
    assert entry.what == "/plot"
    assert entry.why == "You have 2 plots under way. Try again when one of them is done."


async def test_suggestions_beyond_the_share_are_empty_and_no_error(audience: Audience) -> None:
    audience.room.services.limit(1)
    for _ in range(3):
        found = await audience.room.mika.autocomplete("status", "job", {"job": "k7"}, channel=CHANNEL)
    assert found == []
