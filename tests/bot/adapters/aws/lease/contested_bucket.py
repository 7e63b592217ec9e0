"""S3 in memory, for objects that several writers put under conditions, over lines that may be cut."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError

from tests.support.clock import Clock


@dataclass
class Bucket:
    """As S3 decides: its own clock, in whole seconds, and one writer at a time."""

    clock: Clock
    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)

    def client(self) -> "Line":
        return Line(self)


@dataclass
class Line:
    """One bot's way to the bucket. With `late`, a put is made and its answer is lost."""

    bucket: Bucket
    cut: bool = False
    late: bool = False
    refused: tuple[str, ...] = ()

    async def get_object(self, Bucket: str, Key: str) -> Mapping[str, Any]:
        await self._pass(Key)
        if Key not in self.bucket.objects:
            raise _error("NoSuchKey", 404)
        body, at = self.bucket.objects[Key]
        now = datetime.fromtimestamp(int(self.bucket.clock()), UTC)
        return {
            "Body": _Body(body),
            "ETag": _etag(body),
            "LastModified": datetime.fromtimestamp(int(at), UTC),
            "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(now, usegmt=True)}},
        }

    async def put_object(
        self, Bucket: str, Key: str, Body: bytes, IfMatch: str = "", IfNoneMatch: str = ""
    ) -> Mapping[str, str]:
        await self._pass(Key)
        stored = self.bucket.objects.get(Key)
        if IfNoneMatch and stored is not None:
            raise _error("PreconditionFailed", 412)
        if IfMatch and stored is None:
            raise _error("NoSuchKey", 404)
        if IfMatch and stored is not None and _etag(stored[0]) != IfMatch:
            raise _error("PreconditionFailed", 412)
        self.bucket.objects[Key] = (Body, self.bucket.clock())
        if self.late:
            self.late = False
            raise ConnectTimeoutError(endpoint_url="https://s3")
        return {"ETag": _etag(Body)}

    async def _pass(self, key: str) -> None:
        await asyncio.sleep(0)
        if key in self.refused:
            raise _error("AccessDenied", 403)
        if self.cut:
            raise ConnectTimeoutError(endpoint_url="https://s3")


@dataclass
class _Body:
    content: bytes

    async def __aenter__(self) -> "_Body":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self) -> bytes:
        return self.content


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def _error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "S3")
