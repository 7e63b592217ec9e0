"""One bot for each token, on any machine: an object in the bucket that one process holds and renews.

S3 decides who has it. `If-None-Match: *` makes a put that fails if the object exists, `If-Match` one that fails if
somebody else wrote it since: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
How old it is follows from S3's own `Date` and `LastModified`, so no machine's clock matters.
"""

import asyncio
import base64
import binascii
import json
import re
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields, replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import structlog
from botocore.exceptions import ClientError

from bot.adapters.aws.clients import AwsClients, Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.s3 import parse_uri
from bot.errors import Missing, ServiceError, StoreError
from trainer.places import write_atomically

log = structlog.get_logger()

RENEW_SECONDS = 30.0
"""A put and a get each time: about 0.45 USD a month."""
RETRY_SECONDS = 10.0
"""The same after a failure, because time runs out."""
LEASE_SECONDS = 100.0
"""A holder that has not renewed it for this long has ended: it missed three renewals."""
NOTE_SECONDS = 600.0
"""How long the holder shows that another bot has tried to start."""
RELEASE_SECONDS = 3.0
LEASE_NAME = re.compile(r"lease-(\d+|unknown)\.json")
MOST_REMEMBERED = 100
"""With the folder's id: a bot that is killed once a second before it signs still knows its lease."""
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class Taken(Exception):
    """Another process wrote the object."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a bot writes. `id` is its data folder's, `process` its own.

    `renewals` makes each renewal another object: the same content has the same ETag, and a bot that found an old lease
    could not see that it was renewed meanwhile.
    """

    id: str
    process: str
    host: str
    ended: bool = False
    renewals: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as it is stored. `age` is in seconds since it was written."""

    by: Signature
    age: float
    etag: str

    @property
    def live(self) -> bool:
        return not self.by.ended and self.age < LEASE_SECONDS


def lease_uri(folder_uri: str, token: str) -> str:
    """The object for a token: a token begins with the application's id in base64, which is no secret."""
    first = token.partition(".")[0]
    try:
        application_id = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        application_id = ""
    return f"{folder_uri.rstrip('/')}/lease-{application_id if application_id.isdigit() else 'unknown'}.json"


def known_instance(data_dir: Path) -> str:
    """The id of a data folder; "" if no bot has run with it."""
    return (_remembered(data_dir) or [""])[0]


def instance_id(data_dir: Path) -> str:
    """The same; made at the first start."""
    if not known_instance(data_dir):
        adopt_instance(data_dir, secrets.token_hex(8))
    return known_instance(data_dir)


def adopt_instance(data_dir: Path, holder_id: str) -> None:
    """Make this data folder the one that holds the lease, in place of a lost one."""
    _write_down(data_dir, holder_id)


def _remembered(data_dir: Path) -> list[str]:
    """The id of the data folder, then the processes that may hold its lease, newest first."""
    return _instance(data_dir).read_text().split() if _instance(data_dir).exists() else []


def _write_down(data_dir: Path, text: str) -> None:
    """Whole or not at all: a bot that is killed here would not know its own lease, and wait until it has run out."""
    write_atomically(_instance(data_dir), text.encode())


def _instance(data_dir: Path) -> Path:
    return data_dir / "instance"


class TokenLease:
    """A bot that was killed takes its own lease back at once, however its machine is named now.

    It knows it by the process that it wrote down in its data folder before it signed. Where a copy of that folder is in
    use, the lease is another process's by then, and this bot steps back.
    """

    def __init__(
        self,
        clients: AwsClients,
        uri: str,
        holder_id: str,
        *,
        data_dir: Path | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `data_dir`, any live lease of `holder_id` is its own."""
        self._s3, self._uri, self._sleep, self._clock = clients.s3, uri, sleep, clock
        self._own = Signature(holder_id, secrets.token_hex(8), socket.gethostname())
        self._data_dir = data_dir
        self._predecessors = _remembered(data_dir)[1:] if data_dir is not None else []
        self._etag = ""
        self._rival = ""
        self._renewed_at = clock()

    async def take(self) -> None:
        """Take the lease, or raise `StoreError` with who has it. Without S3's answer the bot starts all the same."""
        self._remember()
        try:
            await self._take()
        except ServiceError as error:
            log.warning("could not check for another bot with this token", uri=self._uri, error=str(error))

    async def keep(self) -> None:
        """Renew it for ever. Raises `StoreError` once another bot has taken it."""
        pause = RENEW_SECONDS
        while True:
            await self._sleep(pause)
            try:
                await self.renew()
                pause = RENEW_SECONDS
            except ServiceError as error:
                pause = RETRY_SECONDS
                log.warning("could not renew the lease on the token", uri=self._uri, error=str(error))

    async def renew(self) -> None:
        """Renew it once, and look for a note from a bot that tried to start."""
        if self._etag:
            await self._renew()
        else:  # S3 gave no answer at the start, or the object was deleted
            await self._take()
        note = await read(self._s3, _note_uri(self._uri))
        self._rival = note.by.host if note is not None and note.age < NOTE_SECONDS else ""
        if note is not None and note.age < RENEW_SECONDS * 1.5:
            log.error("another bot with this token tried to start and stepped back", host=note.by.host)

    async def release(self) -> None:
        """Let another bot start at once. A shutdown does not wait long for it: the lease runs out by itself."""
        if not self._etag:
            return
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await _write(self._s3, self._uri, replace(self._own, ended=True), IfMatch=self._etag)
        except (ServiceError, Taken, TimeoutError) as error:
            log.warning("could not release the lease on the token", uri=self._uri, error=repr(error))

    def wrong(self) -> str:
        """What the health page shows; empty if this bot has the lease, and no other has tried to start."""
        seconds = self._clock() - self._renewed_at
        if self._etag and seconds > LEASE_SECONDS:
            return f"lease: not renewed for {seconds:.0f} s, because S3 does not answer; another bot may start"
        return f"lease: another bot with this token tried to start on {self._rival}" if self._rival else ""

    async def _renew(self) -> None:
        try:
            await self._hold({"IfMatch": self._etag})
        except Missing:
            self._etag = ""
        except Taken:
            found = await read(self._s3, self._uri)
            if found is not None and found.live and found.by.process != self._own.process:
                self._etag = ""
                raise await self._stepping_back(found) from None
            self._etag = found.etag if found is not None else ""

    async def _take(self) -> None:
        found = await read(self._s3, self._uri)
        if found is not None and found.live and not self._is_own(found):
            raise await self._stepping_back(found)
        try:
            await self._hold({"IfMatch": found.etag} if found is not None else {"IfNoneMatch": "*"})
        except Taken:
            found = await read(self._s3, self._uri)
            if found is not None and found.live and not self._is_own(found):
                raise await self._stepping_back(found) from None
            if found is not None and found.by.process != self._own.process:
                await self._take()  # a put of the killed process before this one came late
                return
            self._etag = found.etag if found is not None else ""  # our own put, whose answer was lost

    async def _stepping_back(self, found: Signed) -> StoreError:
        """The error to raise. The holder is told, if S3 takes the note."""
        try:
            await _write(self._s3, _note_uri(self._uri), self._own)
        except ServiceError as error:
            log.warning("could not leave a note for the other bot", uri=self._uri, error=str(error))
        return StoreError(_elsewhere(found))

    def _is_own(self, found: Signed) -> bool:
        """It is this data folder's, and signed by a process of it. The lock on the store shows that it has ended."""
        known = not self._predecessors or found.by.process in (self._own.process, *self._predecessors)
        return found.by.id == self._own.id and known

    def _remember(self) -> None:
        """Before the lease is signed: a kill between the two must not lock this bot out."""
        if self._data_dir is not None:
            known = [self._own.id, self._own.process, *self._predecessors]
            _write_down(self._data_dir, "\n".join(known[:MOST_REMEMBERED]))

    async def _hold(self, condition: dict[str, str]) -> None:
        own = replace(self._own, renewals=self._own.renewals + 1)
        self._etag = await _write(self._s3, self._uri, own, **condition)
        self._own, self._renewed_at = own, self._clock()


async def read(s3: Client, uri: str) -> Signed | None:
    """The signature there; None if there is none."""
    location = parse_uri(uri)
    try:
        with calling(f"S3 GetObject of {uri}"):
            answer = await s3.get_object(Bucket=location.bucket, Key=location.key)
            async with answer["Body"] as body:
                stored = await body.read()
            now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            age = max(0.0, (now - answer["LastModified"]).total_seconds())
            return Signed(_signature(stored), age, answer["ETag"])
    except Missing:
        return None


def _signature(stored: bytes) -> Signature:
    """Somebody's, if it cannot be read. A field of a newer version is left out."""
    try:
        found = dict(json.loads(stored))
        return Signature(**{field.name: found[field.name] for field in fields(Signature) if field.name in found})
    except (ValueError, TypeError):
        return Signature("", "", "an unknown machine")


async def _write(s3: Client, uri: str, signature: Signature, **condition: str) -> str:
    """The new ETag. Raises `Taken` if the condition is not met."""
    location, content = parse_uri(uri), json.dumps(asdict(signature)).encode()
    with calling(f"S3 PutObject of {uri}"):
        try:
            answer = await s3.put_object(Bucket=location.bucket, Key=location.key, Body=content, **condition)
        except ClientError as error:
            if str(error.response.get("Error", {}).get("Code")) in _CONFLICTS:
                raise Taken(uri) from error
            raise
        return str(answer["ETag"])


def _note_uri(uri: str) -> str:
    """Apart from the lease: a note in it would look like a renewal."""
    return f"{uri.removesuffix('.json')}-second.json"


def _elsewhere(found: Signed) -> str:
    left = max(1.0, LEASE_SECONDS - found.age)
    return (
        f"Another bot runs with this token, on {found.by.host}; its last sign was {found.age:.0f} s ago. This one "
        "steps back, so that no command is carried out twice.\n"
        f"Stop that one first. If it has crashed, start this one again in {left:.0f} s. A second bot needs an "
        "application, and so a token, of its own."
    )
