"""Keep web pages and other users of the machine away from the stand-ins, which run commands for whoever asks.

A stand-in answers below a random path only, which is part of every address that it gives out. A page of another site
can send requests to loopback without reading the answers, and by DNS rebinding it can read them, too; so a request must
also name loopback as its host, and must not come from another origin. Browsers send `Origin` with each request that
changes something, and scripts cannot change it: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Origin
"""

import hmac
import os
import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

JSON = "application/json"


class Headers(Protocol):
    """The headers of a request, as aiohttp and werkzeug have them: names ignore case."""

    def get(self, key: str, /) -> str | None: ...


_LOOPBACK = "127.0.0.1, [::1] or localhost"
_OTHER_SITE = "cross-site"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def new_path() -> str:
    """`/` and 128 random bits."""
    return f"/{secrets.token_urlsafe(16)}"


def write_for_owner(path: Path, content: str) -> None:
    """Write a file with such an address, atomically and for its owner's eyes only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        beside.touch(0o600, exist_ok=False)
        beside.write_text(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def without_path(path: str, secret: str) -> str | None:
    """The rest of a request's path behind the secret one; None if it begins otherwise."""
    head, rest = path[: len(secret)], path[len(secret) :]
    if not hmac.compare_digest(head.encode(), secret.encode()) or rest[:1] not in ("", "/"):
        return None
    return rest or "/"


def not_json(method: str, headers: Headers) -> str:
    """Why a body is refused; empty if it isn't. A page may send text and forms to other sites without asking, not JSON.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """
    given = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if method in _READING or given == JSON or (not given and (headers.get("Content-Length") or "0") == "0"):
        return ""
    return f"Content-Type {given!r} is refused. Send {JSON}"


def foreign(headers: Headers) -> str:
    """Why a request may come from a web page of another site; empty if it doesn't."""
    host, origin = headers.get("Host") or "", headers.get("Origin")
    if not _is_loopback(host):
        return f"Host {host[:80]!r} is not this machine. Use {_LOOPBACK}"
    if origin is not None and origin != f"http://{host}":
        return f"Origin {origin[:80]!r} is another site. The stand-in answers its own page alone"
    if headers.get("Sec-Fetch-Site") == _OTHER_SITE:
        return "Sec-Fetch-Site: a page of another site sent this"
    return ""


def _is_loopback(host: str) -> bool:
    """Browsers resolve every name below `localhost` to loopback: https://www.rfc-editor.org/rfc/rfc6761#section-6.3"""
    try:
        name = (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
