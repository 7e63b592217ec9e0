"""S3: what jobs leave."""

import asyncio
import heapq
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.error_codes import calling
from bot.errors import Refused
from bot.ports.artifacts import Artifact

LISTED_AT_MOST = 1000
LARGEST_PUT = 5 * 1024**3
"""Bytes that one PutObject takes."""
SLOWEST_UPLOAD = 1024**2
"""Bytes a second."""
LONGEST_LINK_SECONDS = 7 * 24 * 3600
"""A signature of version 4 is valid no longer."""
_PAGES_AT_MOST = 50
_CHUNK = 256 * 1024
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.*)", re.DOTALL)


class Place(NamedTuple):
    """A bucket and a key, or the beginning of keys."""

    bucket: str
    key: str


def parse_uri(uri: str) -> Place:
    """`s3://bucket/some/key`; `Refused` for anything else."""
    if match := _URI.fullmatch(uri):
        return Place(match["bucket"], match["key"])
    raise Refused(f'"{uri}" was given, an address such as s3://bucket/key is expected.', code="InvalidURI")


class AwsArtifacts:
    """`bot.ports.Artifacts`. An upload may take `patience` seconds, and more for large files."""

    def __init__(self, clients: AwsClients, *, patience: float = 60.0) -> None:
        self._client, self._patience = clients.s3, patience

    async def read(self, uri: str, *, limit: int = 64 * 1024 * 1024) -> bytes:
        place = _object(uri)
        with calling(f"S3 GetObject of {uri}"):
            answer = await self._client.get_object(Bucket=place.bucket, Key=place.key)
            async with answer["Body"] as body:
                _from_s3(answer)
                if answer.get("ContentLength", 0) > limit:
                    raise _too_large(uri, answer["ContentLength"], limit)
                chunks = bytearray()
                async for chunk in body.iter_chunks(_CHUNK):
                    chunks += chunk
                    if len(chunks) > limit:
                        raise _too_large(uri, len(chunks), limit)
        return bytes(chunks)

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        """The file is streamed: it may be larger than the memory."""
        place = _object(uri)
        size = (await asyncio.to_thread(source.stat)).st_size
        if size > LARGEST_PUT:
            raise _too_large(str(source), size, LARGEST_PUT)
        body = await asyncio.to_thread(source.open, "rb")
        try:
            with calling(f"S3 PutObject of {uri}"):
                # No time-out of the HTTP client covers the wait for "100 Continue", nor the sending itself.
                async with asyncio.timeout(self._patience + size / SLOWEST_UPLOAD):
                    answer = await self._client.put_object(
                        Bucket=place.bucket, Key=place.key, Body=body, ContentType=content_type, ContentLength=size
                    )
                _from_s3(answer)
        finally:
            body.close()

    async def list(self, prefix_uri: str) -> list[Artifact]:
        """The newest of the first 50,000 objects: S3 lists by key, not by age."""
        place = parse_uri(prefix_uri if prefix_uri.endswith("/") else f"{prefix_uri}/")
        found: list[Artifact] = []
        page: dict[str, str] = {}
        for _ in range(_PAGES_AT_MOST):
            with calling(f"S3 ListObjectsV2 of {prefix_uri}"):
                answer = await self._client.list_objects_v2(Bucket=place.bucket, Prefix=place.key, **page)
                found += [_artifact(place, item) for item in answer.get("Contents", ()) if item["Key"] != place.key]
                more = bool(answer["IsTruncated"])
            if not more:
                break
            page = {"ContinuationToken": answer["NextContinuationToken"]}
        return heapq.nlargest(LISTED_AT_MOST, found, key=lambda artifact: artifact.modified)

    async def link(self, uri: str, seconds: int) -> str:
        """Temporary credentials end it earlier, when they end."""
        place = _object(uri)
        with calling(f"Signing a link to {uri}"):
            address = await self._client.generate_presigned_url(
                "get_object",
                Params={"Bucket": place.bucket, "Key": place.key},
                ExpiresIn=min(max(seconds, 1), LONGEST_LINK_SECONDS),
            )
        return str(address)


def _from_s3(answer: Mapping[str, Any]) -> None:
    """LookupError for a page of some proxy, which passes for an object, or for a put: S3 always tells the ETag."""
    answer["ETag"]


def _object(uri: str) -> Place:
    place = parse_uri(uri)
    if not place.key:
        raise Refused(f'"{uri}" was given, the address of an object (s3://bucket/key) is expected.', code="InvalidURI")
    return place


def _artifact(place: Place, item: Mapping[str, Any]) -> Artifact:
    key = item["Key"]
    return Artifact(
        name=key.removeprefix(place.key),
        uri=f"s3://{place.bucket}/{key}",
        size=item["Size"],
        modified=item["LastModified"].timestamp(),
    )


def _too_large(what: str, size: int, limit: int) -> Refused:
    return Refused(f"{what} has {size:,} bytes or more, at most {limit:,} are expected.", code="TooLarge")
