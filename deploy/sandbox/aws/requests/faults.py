"""Injected faults: the next n calls of an action fail, before or after their effect."""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.requests.protocols import Call, Failure, broken, call_of, expired, throttled

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


ANY = "*"
_PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Something is wrong.</body></html>"


class ResetConnectionError(ConnectionError):
    """Makes the server reset this connection."""


class FaultError(ValueError):
    """A requested fault is invalid; the message says what is valid."""


class RequestFault(BaseModel, extra="forbid"):
    """`429` is throttling in each service's own words; `expired` means expired credentials.

    `html` answers with a web page; `truncated` takes effect but sends only half of the answer.
    """

    action: str = Field(min_length=1)
    """An AWS action, or `*` for any."""
    fault: Literal["429", "status", "error", "expired", "html", "truncated", "reset", "hang", "slow"]
    times: int = Field(1, ge=1)
    when: Literal["before", "after"] = "before"
    status: int = Field(500, ge=200, le=599)
    code: str = ""
    """The AWS error code for `error`, with `message`."""
    message: str = ""
    seconds: float = Field(3600.0, ge=0)
    """How long `hang` and `slow` wait; then `hang` resets the connection, and `slow` answers."""

    def failure(self, call: Call) -> Failure | None:
        """The fault's error answer; None if it is not an error answer."""
        match self.fault:
            case "429":
                return throttled(call)
            case "expired":
                return expired(call)
            case "status":
                return broken(self.status)
            case "error":
                return Failure(self.status, self.code, self.message)
            case _:
                return None


def parse(values: Any) -> RequestFault:
    """A fault from JSON values. Raises FaultError."""
    try:
        return RequestFault.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}, given {e['input']!r}" for e in error.errors())
        raise FaultError(f"{wrong}. A fault has: {', '.join(RequestFault.model_fields)}.") from error


class FaultLayer:
    """A WSGI layer that makes calls to `application` fail."""

    def __init__(self, application: Application, ledger: Ledger) -> None:
        self._application = application
        self._ledger = ledger
        self._lock = threading.Lock()
        self._faults: list[RequestFault] = []
        self._closing = threading.Event()

    def add(self, fault: RequestFault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        """End the calls that hang."""
        self._closing.set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self._faults:
            return self._application(environ, start_response)
        call = call_of(environ, _form(environ))
        fault = self._take(call.action)
        if fault is None:
            return self._application(environ, start_response)
        self._ledger.add("fault", action=call.action, fault=fault.fault, when=fault.when, status=fault.status)
        if fault.fault == "slow":
            return self._slow(fault, environ, start_response)
        if fault.fault == "truncated":
            return _send_half(self._application, environ, start_response)
        if fault.when == "after":
            _consume(self._application(environ, lambda *_: None))
        else:
            _read_whole(environ)
        return self._fail(fault, call, start_response)

    def _take(self, action: str) -> RequestFault | None:
        with self._lock:
            fault = next((each for each in self._faults if each.action in (action, ANY)), None)
            if fault:
                fault.times -= 1
            self._faults = [each for each in self._faults if each.times > 0]
            return fault

    def _slow(self, fault: RequestFault, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if fault.when == "before":
            self._closing.wait(fault.seconds)
            return self._application(environ, start_response)
        answer = self._application(environ, start_response)
        self._closing.wait(fault.seconds)
        return answer

    def _fail(self, fault: RequestFault, call: Call, start_response: Any) -> Iterable[bytes]:
        failure = fault.failure(call)
        if failure:
            start_response(f"{failure.status} Fault", failure.headers(call.protocol))
            return [failure.body(call.protocol)]
        if fault.fault == "html":
            start_response(f"{fault.status} Fault", [("Content-Type", "text/html")])
            return [_PAGE]
        if fault.fault == "hang":
            self._closing.wait(fault.seconds)
        raise ResetConnectionError


def _send_half(application: Application, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Announce the whole answer, send half of it, and reset the connection."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(application(environ, lambda status, headers, *_: started.append((status, headers))))
    status, headers = started[0]
    others = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(status, [*others, ("Content-Length", str(max(1, len(body))))])
    yield body[: len(body) // 2]
    raise ResetConnectionError


def _form(environ: dict[str, Any]) -> bytes:
    """The body of a posted form, which the application can still read."""
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return b""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _read_whole(environ: dict[str, Any]) -> None:
    """Read the whole request, so that the caller is waiting for the answer when the fault happens."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _consume(answer: Iterable[bytes]) -> None:
    for _ in answer:
        pass
    if close := getattr(answer, "close", None):
        close()
