"""One entry of the audit, before the store gives it its place in the chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.domain.inert import cut, one_line
from trainer.redaction.redact import redact, redact_value

OPTION_CHARACTERS = 1_000
NAME_CHARACTERS = 100
WHY_CHARACTERS = 500
MOST_OPTIONS = 60
MOST_ROLES = 250
"""The most that a server has: https://support.discord.com/hc/en-us/articles/33694251638295"""


class Decision(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"
    """By the rules or because of what was typed; `why` is what the asker read."""
    FAILED = "failed"
    """An error, of the bot or of what it depends on."""


class Does(StrEnum):
    """What follows from an entry: what its interaction caused, or what the bot does by itself."""

    NOTHING = ""
    """Nothing that costs or ends anything: at most an answer."""
    START = "start"
    PREVIEW = "preview"
    """A sweep is shown and waits to be confirmed."""
    CANCEL = "cancel"
    STOP = "stop"
    SUBMIT = "submit"
    """The engine is about to be called; a second such entry of one job is a retry of that call."""
    SUBMITTED = "submitted"
    ADOPT = "adopt"
    """A job that runs under the bot's name, and was not in the store."""
    FOLLOW = "follow"
    """Another engine job of the same command."""
    PRUNE = "prune"
    TIME_LIMIT = "time limit"
    """The engine has ended a job at the limit that the bot gave it."""
    END = "end"
    """The bot ends an engine job that must not be there."""
    APPROVE = "approve"
    """A second person lets something start that may cost much."""
    DECLINE = "decline"
    HOLD = "hold"
    """A sweep whose trials fail alike goes no further."""
    CONTINUE = "continue"
    """Somebody lets it go on, or a trial that succeeded does."""
    PAUSE = "pause"
    """An administrator stops all new spending."""
    RESUME = "resume"
    RESTORE = "restore"
    """The store was rebuilt from a snapshot: entries that were younger than it are lost."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked. `id` is what identifies a person: anybody may choose any name."""

    id: int
    name: str
    roles: tuple[int, ...] = ()


BOT = Actor(0, "")
"""The bot itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was asked; 0 is nowhere. `channel_id` is the thread's parent for what was asked in a thread."""

    guild_id: int = 0
    channel_id: int = 0
    thread_id: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows, and for which job, sweep or trial."""

    does: Does
    job: str = ""
    project: str = ""
    engine_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """`once` is unique: a second entry with it is not written. For an interaction it is the interaction's id."""

    once: str
    what: str
    """`/train`, `button stop`, `form train_best`; empty for what the bot does by itself."""
    by: Actor = BOT
    place: Place = Place()
    options: Mapping[str, str] = field(default_factory=dict)
    decided: Decision = Decision.ALLOWED
    why: str = ""
    effect: Effect = Effect(Does.NOTHING)

    def caused(self, effect: Effect) -> "Entry":
        """The entry with its effect; what was known of the job before stays where the effect does not say."""
        known = self.effect
        return replace(
            self, effect=replace(effect, job=effect.job or known.job, project=effect.project or known.project)
        )


def own(does: Does, job: str, project: str, engine_id: str = "", *, detail: str = "", why: str = "") -> Entry:
    """What the bot does by itself, once for each engine job and `detail`."""
    return Entry(f"{does}:{job}:{detail or engine_id}", "", effect=Effect(does, job, project, engine_id), why=why)


def shown_options(given: Iterable[tuple[str, object]]) -> dict[str, str]:
    """What was typed, as the audit keeps it: one line each, and not more than it takes to know what was asked."""
    kept = list(given)[:MOST_OPTIONS]
    return {
        shown(name, NAME_CHARACTERS): shown(redact_value(name, str(value)), OPTION_CHARACTERS) for name, value in kept
    }


def shown(value: object, limit: int) -> str:
    """Text from outside on its way into the audit: the one place to take secrets out of it."""
    return cut(redact(one_line(redact(str(value)))), limit)
