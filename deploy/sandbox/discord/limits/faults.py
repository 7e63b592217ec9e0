"""Faults on request: the next matching requests are refused, lost, slowed down or left hanging."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from deploy.sandbox.discord.protocol.wire import Json, comma_list

_Enum = TypeVar("_Enum", bound=StrEnum)


class FaultKind(StrEnum):
    RATE_LIMIT = "429"
    GLOBAL_RATE_LIMIT = "global429"
    PROXY_RATE_LIMIT = "proxy429"
    """From Cloudflare, the proxy ahead of Discord: an HTML page without a Via header."""
    STATUS = "status"
    HTML = "html"
    """An HTML page with that status in place of JSON."""
    TRUNCATED = "truncated"
    """The effect happens, but only half of the response arrives."""
    RESET = "reset"
    HANG = "hang"
    SLOW = "slow"


class FaultTiming(StrEnum):
    BEFORE = "before"
    """The request has no effect."""
    AFTER = "after"
    """The effect happens, but its response is lost."""


@dataclass(slots=True)
class RequestFault:
    """Times are in seconds. `seconds`: how long to delay or to hang (0: until the client gives up)."""

    kind: FaultKind
    method: str | None = None
    path: re.Pattern[str] = re.compile("")
    times: int = 1
    status: int = 500
    when: FaultTiming = FaultTiming.BEFORE
    retry_after: float = 1.0
    seconds: float = 0.0
    code: int | None = None
    """With STATUS: Discord's JSON error code. Without one the body is empty, as no answer of Discord's is."""
    message: str = ""
    scope: str = "user"
    """With RATE_LIMIT: `user`, or `shared` for a limit that all bots share and that does not count as invalid."""

    def matches(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and self.path.search(path) is not None


class Faults:
    def __init__(self) -> None:
        self._pending: list[RequestFault] = []

    def add(self, fault: RequestFault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def take(self, method: str, path: str) -> RequestFault | None:
        """Return the first fault that matches this request, or None, and use it up once."""
        for fault in self._pending:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
                return fault
        return None


_KEYS = (
    *("method", "path", "times", "fault", "status", "when"),
    *("retry_after", "seconds", "code", "message", "scope"),
)
_SCOPES = ("user", "shared")
"""https://docs.discord.com/developers/topics/rate-limits#header-format: "Value can be user (per bot or user limit),
global (per bot or user global limit), or shared (per resource limit)". `global` is a fault of its own."""


def read_fault(body: Json) -> RequestFault:
    """Parse a fault from JSON. Raises ValueError with the reason and the valid choices."""
    if unknown := set(body) - set(_KEYS):
        raise ValueError(f"unknown keys: {comma_list(sorted(unknown))}; the keys are {comma_list(_KEYS)}")
    kind = _member(FaultKind, "fault", body.get("fault"))
    when = _member(FaultTiming, "when", body.get("when", FaultTiming.BEFORE))
    try:
        path = re.compile(body.get("path", ""))
    except (re.error, TypeError) as error:
        raise ValueError(f"`path` must be a regular expression (got {body['path']!r}): {error}") from error
    times, status = body.get("times", 1), body.get("status", 500)
    if not isinstance(times, int) or times < 1:
        raise ValueError(f"`times` must be a whole number of at least 1 (got {times!r})")
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError(f"`status` must be an HTTP status from 100 to 599 (got {status!r})")
    code, scope = body.get("code"), body.get("scope", "user")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
        raise ValueError(f"`code` must be a JSON error code of Discord's, a whole number (got {code!r})")
    if scope not in _SCOPES:
        raise ValueError(f"`scope` must be one of {comma_list(_SCOPES)} (got {scope!r})")
    method = body.get("method")
    return RequestFault(
        kind=kind,
        method=str(method).upper() if method else None,
        path=path,
        times=times,
        status=status,
        when=when,
        retry_after=_seconds(body, "retry_after", 1.0),
        seconds=_seconds(body, "seconds", 0.0),
        code=code,
        message=str(body.get("message", "")),
        scope=scope,
    )


def _member(enum: type[_Enum], name: str, value: object) -> _Enum:
    try:
        return enum(str(value))
    except ValueError:
        raise ValueError(f"`{name}` must be one of {comma_list(enum)} (got {value!r})") from None


def _seconds(body: Json, name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"`{name}` must be a number of seconds, at least 0 (got {value!r})")
    return float(value)
