"""Read, write, list and link the files of jobs in S3."""

import asyncio
import heapq
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.error_codes import calling
from bot.errors import Refused
from bot.ports.artifacts import TOO_LARGE, Artifact

MOST_LISTED = 1000
LARGEST_PUT = 5 * 1024**3
"""Bytes. "With a single PUT operation, you can upload a single object up to 5 GB in size."
https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""
SLOWEST_UPLOAD = 1024**2
"""Bytes a second."""
LONGEST_LINK_SECONDS = 7 * 24 * 3600
"""`X-Amz-Expires`: "The minimum value you can set is 1, and the maximum is 604800 (seven days)."
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
_MOST_PAGES = 50
"""ListObjectsV2: "Returns some or all (up to 1,000) of the objects in a bucket with each request."
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
_CHUNK_BYTES = 256 * 1024
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.*)", re.DOTALL)


class Location(NamedTuple):
    """A bucket, and a key or key prefix in it."""

    bucket: str
    key: str


def parse_uri(uri: str) -> Location:
    """Split `s3://bucket/some/key`. Raises `Refused` for anything else."""
    if match := _URI.fullmatch(uri):
        return Location(match["bucket"], match["key"])
    raise Refused(f'"{uri}" is not an S3 address. Write it like s3://bucket/key.', code="InvalidURI")


class AwsArtifacts:
    """Implements `bot.ports.artifacts.Artifacts`. An upload may take `patience` s plus `size / SLOWEST_UPLOAD`."""

    def __init__(self, clients: AwsClients, *, patience: float = 60.0) -> None:
        self._client, self._patience = clients.s3, patience

    async def stream(self, uri: str, *, limit: int) -> AsyncGenerator[bytes, None]:
        location = _object(uri)
        with calling(f"S3 GetObject of {uri}"):
            answer = await self._client.get_object(Bucket=location.bucket, Key=location.key)
            async with answer["Body"] as body:
                _require_etag(answer)
                if answer.get("ContentLength", 0) > limit:
                    raise _too_large(uri, answer["ContentLength"], limit)
                size = 0
                async for chunk in body.iter_chunks(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > limit:
                        raise _too_large(uri, size, limit)
                    yield chunk

    async def read(self, uri: str, *, limit: int) -> bytes:
        content = bytearray()
        async with aclosing(self.stream(uri, limit=limit)) as chunks:
            async for chunk in chunks:
                content += chunk
        return bytes(content)

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        """Stream the file: it may be larger than the memory."""
        location = _object(uri)
        size = (await asyncio.to_thread(source.stat)).st_size
        if size > LARGEST_PUT:
            raise _too_large(str(source), size, LARGEST_PUT)
        body = await asyncio.to_thread(source.open, "rb")
        try:
            with calling(f"S3 PutObject of {uri}"):
                # None of the HTTP client's time-outs covers the wait for "100 Continue" or the sending itself.
                async with asyncio.timeout(self._patience + size / SLOWEST_UPLOAD):
                    answer = await self._client.put_object(
                        Bucket=location.bucket,
                        Key=location.key,
                        Body=body,
                        ContentType=content_type,
                        ContentLength=size,
                    )
                _require_etag(answer)
        finally:
            body.close()

    async def list(self, prefix_uri: str) -> list[Artifact]:
        """The newest of the first 50,000 objects. S3 lists by key, not by age, so later ones are missed."""
        location = parse_uri(prefix_uri if prefix_uri.endswith("/") else f"{prefix_uri}/")
        found: list[Artifact] = []
        page: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            with calling(f"S3 ListObjectsV2 of {prefix_uri}"):
                answer = await self._client.list_objects_v2(Bucket=location.bucket, Prefix=location.key, **page)
                items = answer.get("Contents", ())
                listed = [_artifact(location, item) for item in items if item["Key"] != location.key]
                more = bool(answer["IsTruncated"])
            found = heapq.nlargest(MOST_LISTED, found + listed, key=lambda artifact: artifact.modified)
            if not more:
                break
            page = {"ContinuationToken": answer["NextContinuationToken"]}
        return found

    async def link(self, uri: str, seconds: int) -> str:
        """With temporary credentials the link stops working when they expire, if that is earlier."""
        location = _object(uri)
        with calling(f"Signing a link to {uri}"):
            address = await self._client.generate_presigned_url(
                "get_object",
                Params={"Bucket": location.bucket, "Key": location.key},
                ExpiresIn=min(max(seconds, 1), LONGEST_LINK_SECONDS),
            )
        return str(address)


def _require_etag(answer: Mapping[str, Any]) -> None:
    """Raises LookupError for a proxy's page, which botocore takes for S3's answer: S3 always sends an ETag."""
    answer["ETag"]


def _object(uri: str) -> Location:
    location = parse_uri(uri)
    if not location.key:
        raise Refused(f'"{uri}" has no key. Give the address of an object, like s3://bucket/key.', code="InvalidURI")
    return location


def _artifact(location: Location, item: Mapping[str, Any]) -> Artifact:
    key = item["Key"]
    return Artifact(
        name=key.removeprefix(location.key),
        uri=f"s3://{location.bucket}/{key}",
        size=item["Size"],
        modified=item["LastModified"].timestamp(),
    )


def _too_large(name: str, size: int, limit: int) -> Refused:
    return Refused(f"{name} has {size:,} bytes or more; the limit is {limit:,}.", code=TOO_LARGE)
