"""Invite the bot to its guild and remove it; take the guild through an outage."""

from deploy.sandbox.discord.interactions.registered_commands import Commands
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.guild import Membership


class Invitations:
    """What a moderator, or an outage, does to the bot's membership.

    https://docs.discord.com/developers/events/gateway-events#guild-create and #guild-delete
    """

    def __init__(self, core: Core, commands: Commands) -> None:
        self._core, self._commands = core, commands

    def remove(self) -> None:
        """Remove the bot. Its commands of this guild go with it.

        GUILD_DELETE: "If the `unavailable` field is not set, the user was removed from the guild." The commands:
        https://github.com/discordjs/discord.js/issues/10321 ("expected behaviour").
        """
        self._change(Membership.REMOVED, "GUILD_DELETE", {"id": self._core.guild.id})
        self._commands.drop(self._core.guild.id)

    def invite(self) -> None:
        """Invite the bot. This GUILD_CREATE has no `unavailable`: discord.py tells a new guild by that."""
        wire = {name: value for name, value in self._core.guild.gateway_wire().items() if name != "unavailable"}
        self._change(Membership.JOINED, "GUILD_CREATE", wire)

    def begin_outage(self) -> None:
        """GUILD_DELETE: "becomes or was already unavailable due to an outage". Commands stay."""
        gone = {"id": self._core.guild.id, "unavailable": True}
        self._change(Membership.UNAVAILABLE, "GUILD_DELETE", gone)

    def end_outage(self) -> None:
        """GUILD_CREATE: "When a Guild becomes available again to the client"."""
        self._change(Membership.JOINED, "GUILD_CREATE", self._core.guild.gateway_wire())

    def _change(self, membership: Membership, event: str, data: Json) -> None:
        self._core.guild.membership = membership
        self._core.ledger.add(f"guild.{membership.value}", "sandbox")
        self._core.hub.publish(Event(event, data, to_people=False))
