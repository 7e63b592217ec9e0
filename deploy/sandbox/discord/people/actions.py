"""What a person can do in Discord's client: write, type commands, click, choose, fill in modals.

https://docs.discord.com/developers/components/reference and
https://docs.discord.com/developers/interactions/application-commands
"""

from collections.abc import Mapping

from deploy.sandbox.discord.checks import modals
from deploy.sandbox.discord.checks.commands import OptionType
from deploy.sandbox.discord.checks.components import SELECTS, ComponentType, find_by_custom_id, walk
from deploy.sandbox.discord.interactions.model import Interaction, InteractionType
from deploy.sandbox.discord.people import typed_command
from deploy.sandbox.discord.people.typed_command import TypedCommand
from deploy.sandbox.discord.protocol.errors import ApiError
from deploy.sandbox.discord.protocol.wire import Json, comma_list
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.entities import Channel, Thread, User
from deploy.sandbox.discord.state.message import Message
from deploy.sandbox.discord.state.permissions import Permission

_MENUS = {2: "users", 3: "messages"}
_SNOWFLAKES = {
    OptionType.USER: ("users", "members"),
    OptionType.MENTIONABLE: ("users", "members", "roles"),
    OptionType.ROLE: ("roles",),
    OptionType.CHANNEL: ("channels",),
}


class Actions:
    """All methods raise ValueError with the reason and the valid choices."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._guild = discord.core.guild

    def person(self, name_or_id: str) -> User:
        for person in self._guild.people:
            if name_or_id in (person.name, person.id):
                return person
        names = comma_list(person.name for person in self._guild.people)
        raise ValueError(f"unknown person {name_or_id!r}; the people are {names}")

    def channel(self, person: User, channel_id: object) -> Channel:
        """Find a channel or thread by id, or a channel by name; `direct` are the direct messages from the bot."""
        if channel_id == "direct":
            return self._guild.open_direct(person.id)
        known = self._guild.channels.get(str(channel_id))
        if known is not None and self._guild.can_see(person, known):
            return known
        visible = self._guild.visible_channels(person)
        named = {channel.name: channel for channel in visible if not isinstance(channel, Thread)}
        if (found := named.get(str(channel_id))) is not None:
            return found
        names = comma_list(named)
        raise ValueError(f"{person.name} cannot see a channel {channel_id!r}; `channel_id` is an id or one of {names}")

    def write(self, person: User, channel: Channel, content: object) -> Json:
        try:
            message = self._discord.messages.create(person, channel, {"content": content})
        except ApiError as error:
            raise ValueError(str(error)) from error
        return self._discord.messages.wire(message)

    def type_command(self, person: User, channel: Channel, text: str) -> Interaction:
        """Run a command typed as a line, including the slash."""
        if not text.startswith("/"):
            raise ValueError(f"`text` must begin with / (got {text[:40]!r})")
        typed = typed_command.find_command(self._usable(person, channel), text[1:])
        return self._run(person, channel, typed, typed_command.parse_options(typed.rest, typed.options))

    def run_command(self, person: User, channel: Channel, name: str, options: Mapping[str, object]) -> Interaction:
        """Run a command by name (`job status` for a subcommand) and typed values."""
        typed = typed_command.find_command(self._usable(person, channel), name.removeprefix("/"))
        return self._run(person, channel, typed, options)

    def use_menu(self, person: User, channel: Channel, name: str, target_id: str) -> Interaction:
        """Use a command from the menu of a message or member."""
        menus = [command for command in self._usable(person, channel) if command["type"] in _MENUS]
        command = next((command for command in menus if command["name"] == name), None)
        if command is None:
            names = comma_list(command["name"] for command in menus)
            raise ValueError(f"unknown menu command {name!r}; the menu commands are {names}")
        if command["type"] == 3:
            message = self._discord.messages.wire(self._message(person, channel, target_id))
            resolved: Json = {"messages": {target_id: message}}
        else:
            resolved = self._resolved([{"type": int(OptionType.USER), "value": self._guild.user(target_id).id}])
        data = _command_data(command) | {"target_id": target_id, "resolved": resolved}
        return self._discord.interactions.open(InteractionType.COMMAND, person, channel, data, name=name)

    def autocomplete(
        self, person: User, channel: Channel, name: str, options: Mapping[str, object], focused: str
    ) -> Interaction:
        typed = typed_command.find_command(self._usable(person, channel), name.removeprefix("/"))
        filled = typed_command.fill_for_autocomplete(typed.options, options, focused, self._guild)
        data = _command_data(typed.command) | {"options": typed.nest(filled)}
        return self._discord.interactions.open(InteractionType.AUTOCOMPLETE, person, channel, data, name=typed.name)

    def click(
        self, person: User, channel: Channel, message_id: str, custom_id: str, values: list[str] | None
    ) -> Interaction:
        message = self._message(person, channel, message_id)
        part = find_by_custom_id(message.components, custom_id)
        if part is None:
            ids = comma_list(_custom_ids(message))
            raise ValueError(f"message {message_id} has no component {custom_id!r}; it has {ids}")
        if part.get("disabled"):
            raise ValueError(f"the component {custom_id!r} is disabled")
        data: Json = {"custom_id": custom_id, "component_type": part["type"], "id": part["id"]}
        if part["type"] in SELECTS:
            data |= self._selected(part, values or [])
        elif values:
            raise ValueError(f"{custom_id!r} is a button: leave `values` out")
        return self._discord.interactions.open(
            InteractionType.COMPONENT, person, channel, data, name=custom_id, source=message
        )

    def fill_modal(self, person: User, interaction_id: str, fields: Mapping[str, object]) -> Interaction:
        opener = self._discord.interactions.get(interaction_id)
        if opener is None or opener.modal is None or opener.person.id != person.id:
            raise ValueError(f"interaction {interaction_id!r} opened no modal for {person.name}")
        components = modals.submitted_components(opener.modal, fields)
        data = {"custom_id": opener.modal["custom_id"], "components": components}
        return self._discord.interactions.open(
            InteractionType.MODAL,
            person,
            opener.channel,
            data,
            name=opener.modal["custom_id"],
            source=opener.source,
            cause=opener,
        )

    def _usable(self, person: User, channel: Channel) -> list[Json]:
        if not self._guild.permissions(person, channel) & Permission.USE_APPLICATION_COMMANDS:
            raise ValueError(f"{person.name} may not use commands in #{channel.name}")
        return self._discord.commands.visible_to(person)

    def _run(self, person: User, channel: Channel, typed: TypedCommand, values: Mapping[str, object]) -> Interaction:
        filled = typed_command.fill_options(typed.options, values, self._guild)
        data = _command_data(typed.command) | {"options": typed.nest(filled)}
        if resolved := self._resolved(filled):
            data["resolved"] = resolved
        return self._discord.interactions.open(InteractionType.COMMAND, person, channel, data, name=typed.name)

    def _message(self, person: User, channel: Channel, message_id: str) -> Message:
        message = self._discord.core.timeline(channel.id).get(message_id)
        if message is None or message.only_for not in (None, person.id):
            raise ValueError(f"{person.name} cannot see a message {message_id!r} in #{channel.name}")
        return message

    def _selected(self, part: Json, values: list[str]) -> Json:
        minimum, maximum = part.get("min_values", 1), part.get("max_values", 1)
        if not minimum <= len(values) <= maximum:
            raise ValueError(f"choose {minimum} to {maximum} `values` (got {values})")
        if part["type"] == ComponentType.STRING_SELECT:
            options = [option["value"] for option in part["options"]]
            if wrong := [value for value in values if value not in options]:
                raise ValueError(f"the select has no option {comma_list(wrong)}; its options are {comma_list(options)}")
            return {"values": values}
        kinds = {
            ComponentType.USER_SELECT: OptionType.USER,
            ComponentType.ROLE_SELECT: OptionType.ROLE,
            ComponentType.MENTIONABLE_SELECT: OptionType.MENTIONABLE,
            ComponentType.CHANNEL_SELECT: OptionType.CHANNEL,
        }
        kind = kinds[ComponentType(part["type"])]
        return {"values": values, "resolved": self._resolved([{"type": kind, "value": v} for v in values])}

    def _resolved(self, filled: list[Json]) -> Json:
        """Return the users, members, roles and channels whose ids are among the values."""
        resolved: Json = {}
        for option in filled:
            for group in _SNOWFLAKES.get(option["type"], ()):
                if (thing := self._look_up(group, option["value"])) is not None:
                    resolved.setdefault(group, {})[option["value"]] = thing
        return resolved

    def _look_up(self, group: str, thing_id: str) -> Json | None:
        guild = self._guild
        if group == "roles" and thing_id in guild.roles:
            return guild.roles[thing_id].wire()
        if group == "channels" and thing_id in guild.channels:
            channel = guild.channels[thing_id]
            return {**channel.wire(), "permissions": str(int(guild.permissions(guild.bot, channel)))}
        user = guild.users.get(thing_id)
        if user is None or group not in ("users", "members"):
            return None
        if group == "users":
            return user.wire()
        return {**user.member(), "permissions": str(int(guild.permissions(user)))}


def _command_data(command: Json) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _custom_ids(message: Message) -> list[str]:
    return [part["custom_id"] for part in walk(message.components) if part.get("custom_id")]
