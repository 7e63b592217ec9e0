"""The stand-in's state, shared by all its parts."""

from dataclasses import dataclass, field

from deploy.sandbox.discord.limits.faults import Faults
from deploy.sandbox.discord.limits.rate_limiter import RateLimiter
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Clock, Snowflakes
from deploy.sandbox.discord.state.events import EventHub
from deploy.sandbox.discord.state.guild import Guild
from deploy.sandbox.discord.state.ledger import Ledger
from deploy.sandbox.discord.state.message import Attachment, Message, Timeline
from deploy.sandbox.discord.state.world_spec import World


@dataclass
class Core:
    """All state, in memory only."""

    clock: Clock
    snowflakes: Snowflakes
    guild: Guild
    limits: Limits
    ledger: Ledger
    hub: EventHub = field(default_factory=EventHub)
    faults: Faults = field(default_factory=Faults)
    timelines: dict[str, Timeline] = field(default_factory=dict)
    attachments: dict[tuple[str, str], Attachment] = field(default_factory=dict)
    """Keyed by (channel id, attachment id)."""
    url: str = "http://127.0.0.1"

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(lambda: self.limits, self.clock)

    def timeline(self, channel_id: str) -> Timeline:
        return self.timelines.setdefault(channel_id, Timeline())

    def message(self, channel_id: str, message_id: str) -> Message:
        """Find a message, ephemeral or not. Raises 10008."""
        if (message := self.timeline(channel_id).get(message_id)) is None:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return message

    def serve_files(self, message: Message) -> None:
        """Serve the message's files from now on."""
        for file in message.files:
            self.attachments[message.channel_id, file.id] = file

    def withdraw_files(self, message: Message) -> None:
        for file in message.files:
            self.attachments.pop((message.channel_id, file.id), None)

    def actor_name(self, user_id: str) -> str:
        """Return the name that the ledger uses for a user."""
        return "bot" if user_id == self.guild.bot.id else self.guild.users[user_id].name


def make_core(world: World, limits: Limits, clock: Clock) -> Core:
    snowflakes = Snowflakes(clock)
    return Core(clock, snowflakes, Guild(world, snowflakes, clock), limits, Ledger(clock))
