"""The stand-in without its HTTP server, as one object for endpoints and tests."""

from dataclasses import dataclass

from deploy.sandbox.discord.gateway.page_events import Viewers
from deploy.sandbox.discord.gateway.registry import Gateway
from deploy.sandbox.discord.interactions.lifecycle import Interactions
from deploy.sandbox.discord.interactions.registered_commands import Commands
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.membership import Invitations
from deploy.sandbox.discord.messages.posting import Messages
from deploy.sandbox.discord.messages.threads import Threads
from deploy.sandbox.discord.protocol.wire import Clock
from deploy.sandbox.discord.state.core import Core, make_core
from deploy.sandbox.discord.state.world_spec import World


@dataclass(frozen=True)
class Discord:
    core: Core
    messages: Messages
    threads: Threads
    interactions: Interactions
    commands: Commands
    invitations: Invitations
    gateway: Gateway
    viewers: Viewers


def make_discord(world: World, limits: Limits, clock: Clock) -> Discord:
    core = make_core(world, limits, clock)
    messages, commands = Messages(core), Commands(core)
    return Discord(
        core=core,
        messages=messages,
        threads=Threads(core, messages),
        interactions=Interactions(core, messages),
        commands=commands,
        invitations=Invitations(core, commands),
        gateway=Gateway(core),
        viewers=Viewers(core),
    )
