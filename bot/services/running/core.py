"""What nearly every service needs: built once in `bot/app.py`, and passed on by each package's `build_*.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.money.caps import Caps
from bot.domain.money.price_settings import PriceSettings
from bot.domain.project import Project
from bot.ports.artifacts import Artifacts
from bot.ports.bills import Bills
from bot.ports.chat import Chat
from bot.ports.code import Code
from bot.ports.engine import Engine, Events
from bot.ports.figures import Figures
from bot.ports.fleet import Fleet
from bot.ports.logs import Logs
from bot.ports.prices import Prices
from bot.ports.sampler import Sampler
from bot.ports.store import Store
from bot.services.people.permits import Permits
from bot.services.people.rates import Limit, Share
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.life_signs import LifeSigns
from bot.services.running.wakeups import Wakeups


@dataclass(frozen=True, slots=True)
class Core:
    """`projects` by name, in the order of the config; `now` gives seconds since the epoch."""

    store: Store
    projects: Mapping[str, Project]
    wakeups: Wakeups
    now: Callable[[], float]
    permits: Permits = field(default_factory=Permits)
    """Without grants, nobody may do anything."""
    signs: LifeSigns = field(default_factory=LifeSigns)
    """What the readers of logs note, for the guard."""
    caps: Caps = field(default_factory=Caps)
    """The store keeps them; the services ask them who must approve what, and say who can raise one."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside systems, open. `events` is None if the config names no event queue."""

    engine: Engine
    events: Events | None
    logs: Logs
    log_pace: AdaptivePace
    """Shared by all log reads, as their quota is the account's."""
    artifacts: Artifacts
    code: Code
    chat: Chat
    figures: Figures
    sampler: Sampler
    prices: Prices | None = None
    """None if the config wants none, or the engine has none."""
    bills: Bills | None = None
    """The same."""
    fleet: Fleet | None = None
    """None if the engine has no machines of its own."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """`[pace]` of the config, in seconds."""

    describe: float
    logs: float
    card: float
    thread: float
    picture: float
    drain: float
    lookup: float
    plot_deadline: float
    stuck: float
    reconcile: float


@dataclass(frozen=True, slots=True)
class Setup:
    """Settings from the config apart from the projects. `nonce_window` is in seconds; `audit_channel_id` is 0 without
    such a channel."""

    bot_name: str
    data_dir: Path
    intervals: Intervals
    nonce_window: float
    audit_channel_id: int
    snapshot_uri: str
    snapshot_seconds: float
    new_id: Callable[[], str]
    limits: Mapping[Share, Limit]
    starts_per_hour: int
    grace_seconds: float = 1_800.0
    """Between the report of an orphan and its end."""
    prices: PriceSettings = field(default_factory=PriceSettings)
    region: str = "us-east-1"
    """The engine's own."""
    idle_machine_seconds: float = 0.0
    """After this time a machine without a job is named; 0 for never."""
    idle_machine_mentions: bool = False
    """Whether that pings the roles that administer."""
