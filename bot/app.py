"""The only wiring: config → adapters → services → chat, in one TaskGroup."""

import asyncio
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import structlog

from bot.adapters.aws_batch import AwsBatch
from bot.adapters.aws_clients import aws_clients
from bot.adapters.aws_events import AwsEvents
from bot.adapters.aws_logs import AwsLogs
from bot.adapters.aws_s3 import AwsArtifacts
from bot.adapters.figures import ProcessFigures
from bot.adapters.git import GitCode
from bot.adapters.health import serve
from bot.adapters.sqlite import open_store
from bot.chat.client import SignalboxClient
from bot.config import Config, Secrets, projects
from bot.domain.job import ID_ALPHABET, ID_LENGTH
from bot.services import Services
from bot.services.aimd import Aimd
from bot.services.archive import Archive, ArchiveSettings
from bot.services.bells import Bell, Bells
from bot.services.browse import Browse
from bot.services.complete import Complete
from bot.services.finish import Finish, FinishSettings
from bot.services.launch import Launch, LaunchSettings
from bot.services.loop import forever
from bot.services.narrate import Narrate
from bot.services.notify import Notify, NotifySettings
from bot.services.plot import Plot
from bot.services.show import Show
from bot.services.stop import Stop
from bot.services.submit import Submit
from bot.services.tail import Tail
from bot.services.watch import Watch

log = structlog.get_logger()

EVENTS_WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Loop:
    """A service that runs for ever, with the longest that it waits between two passes."""

    name: str
    once: Callable[[], Awaitable[None]]
    bell: Bell
    seconds: float


def new_id() -> str:
    """A job id: `k7q2mx`. 27⁶ are 387 million; the store refuses one that is taken."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
