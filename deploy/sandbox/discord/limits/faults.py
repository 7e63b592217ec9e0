"""Faults that a test asks for: the next requests that match are refused, lost, slow or left hanging."""

import re
from dataclasses import dataclass
from enum import StrEnum

from deploy.sandbox.discord.protocol.wire import Json, comma_list


class FaultKind(StrEnum):
    RATE_LIMIT = "429"
    GLOBAL_RATE_LIMIT = "global429"
    PROXY_RATE_LIMIT = "proxy429"
    """Of Cloudflare, ahead of Discord: a page, and no Via header."""
    STATUS = "status"
    HTML = "html"
    """A page with that status, where JSON is expected."""
    TRUNCATED = "truncated"
    """The effect happens, half of the answer arrives."""
    RESET = "reset"
    HANG = "hang"
    SLOW = "slow"


class FaultTiming(StrEnum):
    BEFORE = "before"
    """Nothing happens but the fault."""
    AFTER = "after"
    """The effect happens, its answer is lost."""


@dataclass(slots=True)
class RequestFault:
    """Times are seconds; `seconds` is how long to be slow, or to hang (0: until the client gives up)."""

    kind: FaultKind
    method: str | None = None
    path: re.Pattern[str] = re.compile("")
    times: int = 1
    status: int = 500
    when: FaultTiming = FaultTiming.BEFORE
    retry_after: float = 1.0
    seconds: float = 0.0

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
        """The first fault that matches this request, used up by one."""
        for fault in self._pending:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
                return fault
        return None


def read_fault(body: Json) -> RequestFault:
    """From JSON. Raises ValueError with what was given, expected and valid."""
    known = ("method", "path", "times", "fault", "status", "when", "retry_after", "seconds")
    if unknown := set(body) - set(known):
        raise ValueError(f"unknown: {comma_list(sorted(unknown))}; valid are {comma_list(known)}")
    try:
        kind = FaultKind(str(body.get("fault")))
        when = FaultTiming(body.get("when", FaultTiming.BEFORE))
    except ValueError as error:
        raise ValueError(
            f"{error}; faults are {comma_list(FaultKind)}, and when is one of {comma_list(FaultTiming)}"
        ) from error
    try:
        path = re.compile(body.get("path", ""))
    except (re.error, TypeError) as error:
        raise ValueError(f"path: {body['path']!r} is not a regular expression: {error}") from error
    times, status = body.get("times", 1), body.get("status", 500)
    if not isinstance(times, int) or times < 1:
        raise ValueError(f"times: {times!r} was given, a whole number from 1 is expected")
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError(f"status: {status!r} was given, an HTTP status is expected")
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
    )


def _seconds(body: Json, name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name}: {value!r} was given, seconds from 0 are expected")
    return float(value)
