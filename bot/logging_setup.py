"""The bot's own log: structured, on standard error, without secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from trainer.redaction.redact import redact_value
from trainer.redaction.stream import redacted

_DEEPEST = 20
"""Levels of lists and mappings that are gone through; what is deeper is shown as one text."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TRACES = ("exception", "stack")
"""Texts of several lines, of the bot's own making: only the error's words in them are not."""


def configure(level: str, form: Literal["console", "json"]) -> None:
    """Set up structlog and standard logging in one format. Secrets are replaced in it wherever they occur."""
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    console: list[Processor] = [_visible, structlog.dev.ConsoleRenderer(colors=False)]
    renderers = [structlog.processors.JSONRenderer()] if form == "json" else console
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *chain],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("aiobotocore", "botocore", "discord", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))


def _without_secrets(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace secrets in everything that an event carries, keys included."""
    return {redacted(key): _clean(value, _DEEPEST, key) for key, value in event.items()}


def _clean(value: object, depth: int, name: str = "") -> object:
    """The value without secrets; its name may say that it is one. What is no plain data is shown by its `repr`."""
    match value:
        case str():
            return redacted(redact_value(name, value) if name else value)
        case None | bool() | int() | float():
            return value
        case bytes() | bytearray():
            return _clean(value.decode("utf-8", "backslashreplace"), depth, name)
        case Mapping() if depth:
            return {_key(key): _clean(each, depth - 1, str(key)) for key, each in value.items()}
        case list() | tuple() | set() | frozenset() if depth:
            return [_clean(each, depth - 1, name) for each in value]
        case _:
            shown = repr(value)
            return value if redacted(shown) == shown else redacted(shown)


def _key(key: object) -> object:
    return redacted(key) if isinstance(key, str) else _clean(key, 0)


def _visible(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """For a terminal: a job's text cannot move its cursor, change its title or begin a line. JSON escapes by itself."""
    return {
        _one_line(key): _one_line(value) if key not in _TRACES else _no_controls(value) for key, value in event.items()
    }


def _one_line(value: Any) -> Any:
    return _no_controls(value).replace("\n", "\\n") if isinstance(value, str) else value


def _no_controls(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
