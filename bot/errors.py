"""Every error that the bot raises on purpose.

    SignalboxError
    ├── UserError            for people; only the asker sees it
    │   ├── BadInput         a value that doesn't fit, what to type instead, the choices
    │   ├── UnknownName      nothing has that name; similar names
    │   ├── NotAllowed       who may, and how to get permission
    │   ├── TooMany          too much at once or too often; when to try again
    │   ├── CapReached       a cap on money or live jobs; the sum, what would fit, who can raise it
    │   └── Paused           an admin has stopped all new spending
    ├── ConfigError          every mistake in config.toml at once
    ├── StoreError           the store is in use by another bot, damaged, or from a newer version
    └── ServiceError         AWS, Discord or git
        ├── Unavailable      temporary; the call may or may not have had an effect
        │   ├── Throttled    temporary; the call had no effect
        │   └── CredentialsExpired   until somebody renews them; the call had no effect
        └── Refused          final: the same call gets the same answer
            ├── Missing      the thing does not exist
            │   └── Deleted  it has arrived, and was deleted since
            └── Denied       no permission, or wrong credentials

Only `bot/chat/error_replies.py` turns these into chat text.
"""

from collections.abc import Sequence

_MOST_LISTED = 25


class SignalboxError(Exception):
    """Base of all."""


class UserError(SignalboxError):
    """Something the asker can fix. `str(error)` is what they read: what is wrong, and what to do instead."""


class BadInput(UserError):
    """A value that doesn't fit.

    The message is one or two sentences: what is wrong with what was typed, and what to type instead, as in
    `lr` must be a number from 1e-6 to 1, not "abc". `choices` are appended to it.
    """

    def __init__(self, message: str, *, choices: Sequence[str] = ()) -> None:
        self.choices = tuple(choices)
        super().__init__(message + _listed("Choose one", choices))


class UnknownName(UserError):
    """Nothing has the name `given`. `near` are similar names, `valid` all names, `hint` a sentence of advice."""

    def __init__(
        self, what: str, *, given: str, near: Sequence[str] = (), valid: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.what, self.given, self.near, self.valid = what, given, tuple(near), tuple(valid)
        did_you_mean = f" Did you mean {any_of(near)}?" if near else ""
        text = f'There is no {what} "{given}".{did_you_mean}{_listed("Choose one", valid)}'
        super().__init__(text + (f" {hint}" if hint else ""))


class NotAllowed(UserError):
    """The asker lacks a role; the text names the roles that may."""


class TooMany(UserError):
    """The asker has asked for too much at once, or too often; the text says when to try again."""


class CapReached(UserError):
    """It would pass a cap; the text has the sum, the cap and its setting, what would fit, and when there is room."""


class Paused(UserError):
    """An admin has paused everything new; the text says who, when and why."""


class ConfigError(SignalboxError):
    """`problems` holds one line per mistake: the setting, what is wrong, and what to write instead."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''}"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  {problem}" for problem in problems))


class StoreError(SignalboxError):
    """The store cannot be used; the text says why and what to do."""


class ServiceError(SignalboxError):
    """A vendor's error, or no answer at all. `code` is the vendor's error code, "" if there is none."""

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class Unavailable(ServiceError):
    """Time-out, connection reset or 5xx: the call may have had its effect."""


class Throttled(Unavailable):
    """Refused because of the rate, so without effect. `retry_after` is in seconds, 0 if unknown."""

    def __init__(self, message: str, *, code: str = "", retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(message, code=code)


class CredentialsExpired(Unavailable):
    """The credentials have expired, and the call had no effect. With new ones it works."""


class Refused(ServiceError):
    """Final: the same call gets the same answer."""


class Missing(Refused):
    """The thing does not exist, or no longer exists."""


class Deleted(Missing):
    """The message has arrived, and somebody has deleted it since."""


class Denied(Refused):
    """No permission, or wrong credentials."""


def any_of(names: Sequence[str]) -> str:
    """`sgd`, `sgd or adam`, `sgd, adam or lion`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _listed(lead: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f" {lead}: {', '.join(names[:_MOST_LISTED])}{more}."
