"""Every error that the bot raises on purpose.

    SignalboxError
    ├── UserError            for people: said to the asker alone, in words that they can act on
    │   ├── BadInput         given, expected, the valid choices
    │   ├── UnknownName      nothing has that name; the near ones
    │   └── NotAllowed       who may, and how to ask for it
    ├── ConfigError          every mistake in config.toml at once
    ├── StoreError           the store is in use by another bot, damaged, or from a newer version
    └── ServiceError         AWS, Discord or git
        ├── Unavailable      passing; whether there was an effect is unknown
        │   └── Throttled    passing; surely without effect
        └── Refused          final: asking again gives the same answer
            ├── Missing      the thing is not there
            └── Denied       no permission, or credentials that are wrong or expired

Exactly one place turns these into chat text: `bot/chat/error_replies.py`.
"""

from collections.abc import Sequence


class SignalboxError(Exception):
    """Base of all."""


class UserError(SignalboxError):
    """Something that the asker can mend. `str(error)` is what they read."""


class BadInput(UserError):
    """A value that does not fit.

    `BadInput("lr", given="abc", expected="a number from 1e-06 to 1")` reads
    `lr: "abc" was given, a number from 1e-06 to 1 is expected.`
    """

    def __init__(self, what: str, *, given: object, expected: str, choices: Sequence[str] = ()) -> None:
        self.what, self.given, self.expected, self.choices = what, given, expected, tuple(choices)
        text = f'{what}: "{given}" was given, {expected} is expected.'
        super().__init__(text + _listed("Valid", choices))


class UnknownName(UserError):
    """Nothing has the name that was given; `near` are the names that look like it, `valid` all of them."""

    def __init__(
        self, what: str, *, given: str, near: Sequence[str] = (), valid: Sequence[str] = (), hint: str = ""
    ) -> None:
        self.what, self.given, self.near, self.valid = what, given, tuple(near), tuple(valid)
        text = f'There is no {what} "{given}".' + _listed("Did you mean", near, end="?")
        super().__init__(text + _listed("Valid", valid) + (f" {hint}" if hint else ""))


class NotAllowed(UserError):
    """The asker lacks a role; the text says which one gives it."""


class ConfigError(SignalboxError):
    """`problems` holds one line for each mistake: key, value, what was expected."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source, self.problems = source, tuple(problems)
        count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''}"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  {problem}" for problem in problems))


class StoreError(SignalboxError):
    """The store cannot be used; the text says why and what to do."""


class ServiceError(SignalboxError):
    """A vendor's answer, or the lack of one. `code` is the vendor's, empty where there is none."""

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class Unavailable(ServiceError):
    """Time-out, reset, 5xx: the call may have had its effect."""


class Throttled(Unavailable):
    """Refused for its rate, surely without effect. `retry_after` in seconds, 0 where unknown."""

    def __init__(self, message: str, *, code: str = "", retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        super().__init__(message, code=code)


class Refused(ServiceError):
    """Final: the same call gives the same answer."""


class Missing(Refused):
    """The thing named is not there (any more)."""


class Denied(Refused):
    """No permission, or credentials that are wrong or expired."""


def _listed(lead: str, names: Sequence[str], *, end: str = ".") -> str:
    if not names:
        return ""
    shown = ", ".join(names[:25]) + (f" and {len(names) - 25} more" if len(names) > 25 else "")
    separator = ": " if end == "." else " "
    return f" {lead}{separator}{shown}{end}"
