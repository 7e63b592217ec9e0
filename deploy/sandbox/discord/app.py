"""The whole stand-in without its server: one object that endpoints and tests work on."""

from dataclasses import dataclass

from deploy.sandbox.discord.commands import Commands
from deploy.sandbox.discord.core import Core, make_core
from deploy.sandbox.discord.gateway import Gateway
from deploy.sandbox.discord.interactions import Interactions
from deploy.sandbox.discord.limits import Limits
from deploy.sandbox.discord.messages import Messages
from deploy.sandbox.discord.threads import Threads
from deploy.sandbox.discord.viewers import Viewers
from deploy.sandbox.discord.wire import Clock
from deploy.sandbox.discord.world import World


@dataclass(frozen=True)
class Discord:
    core: Core
    messages: Messages
    threads: Threads
    interactions: Interactions
    commands: Commands
    gateway: Gateway
    viewers: Viewers


def make_discord(world: World, limits: Limits, clock: Clock) -> Discord:
    core = make_core(world, limits, clock)
    messages = Messages(core)
    return Discord(
        core=core,
        messages=messages,
        threads=Threads(core, messages),
        interactions=Interactions(core, messages),
        commands=Commands(core),
        gateway=Gateway(core),
        viewers=Viewers(core),
    )
