"""Description of the guild to build: its roles, people and channels, and the application."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.sandbox.discord.state.permissions import EVERYONE, NONE, TALK, Overwrite, Permission

BOT = TALK | Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.CREATE_PUBLIC_THREADS
"""Default permissions of the application's own role: those of the invitation in `docs/getting-started.md`, and nothing
more. `MANAGE_THREADS` would let it write in locked threads."""


@dataclass(frozen=True)
class RoleSpec:
    name: str
    permissions: Permission = NONE
    color: int = 0
    mentionable: bool = False


@dataclass(frozen=True)
class PersonSpec:
    name: str
    global_name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChannelSpec:
    """The keys of `overwrites` are a role's name, a person's name, `everyone` or `bot`."""

    name: str
    topic: str | None = None
    archive_minutes: int | None = None
    """After how long without a message its threads are archived; None if nobody has set it."""
    overwrites: Mapping[str, Overwrite] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """One guild with its people and one application."""

    guild_name: str = "Robot lab"
    application_name: str = "Signalbox"
    bot_permissions: Permission = BOT
    everyone: Permission = EVERYONE
    invited: bool = True
    """Whether the application is in the guild from the start."""
    privileged_intents: bool = True
    """Whether the application may use the member, presence and message content intents."""
    roles: tuple[RoleSpec, ...] = (
        RoleSpec("trainer", color=0x3BA55D, mentionable=True),
        RoleSpec("admin", permissions=Permission.ADMINISTRATOR, color=0xED4245),
    )
    people: tuple[PersonSpec, ...] = (
        PersonSpec("mika", "Mika", ("trainer", "admin")),
        PersonSpec("noor", "Noor", ("trainer",)),
        PersonSpec("guest", "Guest"),
    )
    channels: tuple[ChannelSpec, ...] = (
        ChannelSpec("training", "Training runs: /train, /jobs, /plot"),
        ChannelSpec("lab", "The robots themselves"),
        ChannelSpec("general", "Everything else"),
    )
