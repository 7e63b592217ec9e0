"""Every limit that the stand-in enforces, as configuration. The defaults are the real Discord's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from deploy.sandbox.discord.protocol.wire import Json, comma_list

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` requests in any window of `seconds`."""

    count: int
    seconds: float


def _buckets() -> dict[str, Rate]:
    """Rates observed on the real Discord, which documents none of them: they appear in response headers only.

    Renaming has another limit than its headers show: https://github.com/discord/discord-api-docs/issues/1900.
    Assumption: bucket-rates.
    """
    return {
        "message.create": Rate(5, 5),
        "message.edit": Rate(5, 5),
        "message.delete": Rate(5, 1),
        "message.read": Rate(5, 1),
        "thread.create": Rate(50, 300),
        "channel.rename": Rate(2, 600),
        "reaction": Rate(1, 0.25),
        "webhook": Rate(5, 2),
        "commands": Rate(200, 86400),
    }


@dataclass(frozen=True)
class Limits:
    """Sizes are in bytes, times in seconds. `any_bucket` applies to buckets that `buckets` does not name."""

    enabled: bool = True
    """Whether request rates are limited. Sizes and counts are always checked."""
    all_requests: Rate = Rate(50, 1)
    """The bot's global rate limit. Interaction endpoints are exempt."""
    buckets: Mapping[str, Rate] = field(default_factory=_buckets)
    any_bucket: Rate = Rate(50, 1)
    invalid_requests: Rate = Rate(10_000, 600)
    """Limit of 401, 403 and 429 responses (not counting scope `shared`); beyond it the address is banned."""
    old_edits: Rate = Rate(3, 6)
    """Edits per channel of messages older than one hour (30046). Discord publishes no number ("We dont put rate limit
    details in our documentation": discord-api-docs issue 4413). 3 in 6 s is what others measured:
    https://github.com/discord-userdoccers/discord-userdoccers/pull/551"""
    nonce_window: float = 180.0
    """"it will be checked for uniqueness in the past few minutes"; how many, Discord does not say.
    https://docs.discord.com/developers/resources/message#create-message"""
    interaction_deadline: float = 3.0
    interaction_lifetime: float = 900.0
    upload_bytes: int = 10 * MIB
    request_bytes: int = 25 * MIB
    active_threads: int = 1000
    identifies_a_day: int = 1000
    gateway_sends: Rate = Rate(120, 60)
    heartbeat_interval: float = 41.25
    guild_create_delay: float = 0.05
    """Seconds from READY to GUILD_CREATE. "Your client will receive GUILD_CREATE events for guilds it is in … some time
    after": tens to hundreds of ms are usual. https://docs.discord.com/developers/events/gateway-events#ready"""
    replay_events: int = 2000
    """How many recent events a gateway session can replay on resume."""
    resume_seconds: float = 180.0
    """How long a session can be resumed after its connection is lost."""
    openapi: bool = True
    """Whether to check bodies against Discord's OpenAPI document, if it is present."""

    def with_changes(self, changes: Json) -> "Limits":
        """Return a copy with some settings changed. Rates are `[count, seconds]`; `buckets` are merged.

        Raises ValueError with the reason and the valid choices.
        """
        settings: dict[str, Any] = {name: self._parse(name, value) for name, value in changes.items()}
        return replace(self, **settings)

    def wire(self) -> Json:
        values = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        values["buckets"] = {name: [rate.count, rate.seconds] for name, rate in self.buckets.items()}
        return {
            name: [value.count, value.seconds] if isinstance(value, Rate) else value for name, value in values.items()
        }

    def _parse(self, name: str, value: object) -> object:
        current = getattr(self, name, None)
        if current is None or callable(current):
            raise ValueError(
                f"unknown limit {name!r}; the limits are {comma_list(setting.name for setting in fields(self))}"
            )
        if name == "buckets":
            if not isinstance(value, dict):
                raise ValueError(f"`buckets` must be an object of [count, seconds] (got {value!r})")
            return {**self.buckets, **{key: _rate(f"buckets.{key}", rate) for key, rate in value.items()}}
        if isinstance(current, Rate):
            return _rate(name, value)
        return _plain(name, value, type(current))


UNLIMITED = Limits(enabled=False, openapi=False)
"""For benchmarks that measure something else: no rate limits, no schema checks."""


def _rate(name: str, value: object) -> Rate:
    match value:
        case [int(count), int() | float() as seconds] if count > 0 and seconds > 0:
            return Rate(count, float(seconds))
    raise ValueError(f"`{name}` must be [count, seconds], both above 0 (got {value!r})")


def _plain(name: str, value: object, kind: type) -> object:
    """Check a boolean, integer or float setting."""
    expected = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"`{name}` must be {expected} (got {value!r})")
    return kind(value)
