"""One job's files in S3."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

LARGE = 64 * 1024 * 1024
"""Bytes. Files of this size and larger are uploaded in parts, not through memory, and copied in parts.

CopyObject and PutObject take at most 5 GB:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
"""
PART = 16 * 1024 * 1024
"""Bytes in a part: 10,000 parts, the most that S3 takes, are 160 GB. For more, boto3 makes larger ones by itself."""
LONGEST_KEY = 1024
"""Bytes: "The object key name is a sequence of Unicode characters with UTF-8 encoding of up to 1,024 bytes long."

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""
ANY = "*"
"""As `if_match`: only if the key does not exist yet."""

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
_CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})
# Not ExpiredToken: a job's credentials are renewed, so a call made with expired ones is worth repeating.
_FINAL = frozenset(
    {
        "AccessDenied",
        "NoSuchBucket",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "AllAccessDisabled",
        "403",
    }
)


class BucketTrouble(Exception):
    """A call to S3 failed. `final` if a retry won't help."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


class Conflict(Exception):
    """The condition of a conditional put is not met."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object. `age` is in seconds, by S3's clock."""

    body: bytes
    etag: str
    age: float
    metadata: Mapping[str, str] = field(default_factory=dict)


class Bucket:
    """`uri` is `s3://bucket/prefix/`; keys are relative to it. Every method may raise BucketTrouble."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/") + "/"
        self._name, _, self._prefix = self.uri.removeprefix("s3://").partition("/")
        try:
            self._s3 = botocore.session.get_session().create_client("s3", config=_CONFIG)
        except (BotoCoreError, ValueError) as error:
            raise BucketTrouble(str(error), final=True) from error

    def put(self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, if_match: str = "") -> str:
        """Store an object and return its ETag.

        `if_match`: store it only over the version with this ETag, or with `ANY` only if there is none. Raises Conflict
        if the condition is not met, and KeyError if there is no version to match.
        """
        condition = {} if not if_match else {"IfNoneMatch": ANY} if if_match == ANY else {"IfMatch": if_match}
        answer = self._call("put_object", key, Body=body, Metadata=dict(metadata or {}), **condition)
        return str(answer["ETag"])

    def get(self, key: str) -> Stored | None:
        """Return an object. None if there is none."""
        try:
            answer = self._call("get_object", key)
        except KeyError:
            return None
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        age = (now - answer["LastModified"]).total_seconds()
        return Stored(self._body(answer), answer["ETag"], age, answer.get("Metadata", {}))

    def names(self) -> dict[str, datetime]:
        """Return the keys directly under the prefix, with the time of their last change."""
        found: dict[str, datetime] = {}
        query: dict[str, Any] = {"Bucket": self._name, "Prefix": self._prefix, "Delimiter": "/"}
        while True:
            answer = self._request("list_objects_v2", self.uri, query)
            for each in answer.get("Contents", []):
                found[each["Key"].removeprefix(self._prefix)] = each["LastModified"].astimezone(UTC)
            if not answer.get("IsTruncated"):
                return found
            query["ContinuationToken"] = answer["NextContinuationToken"]

    def key_problem(self, key: str) -> str:
        """Explain why S3 cannot have an object under this key; "" if it can."""
        try:
            size = len((self._prefix + key).encode())
        except UnicodeEncodeError:
            return "its name is not valid UTF-8"
        return f"its key has {size:,} bytes, and S3 takes {LONGEST_KEY:,}" if size > LONGEST_KEY else ""

    def copy(self, source: str, key: str) -> None:
        """Copy an object of any size with its metadata. Raises KeyError if there is no `source`."""
        from_object = {"Bucket": self._name, "Key": self._prefix + source}
        head = self._call("head_object", source)
        if head["ContentLength"] < LARGE:
            self._call("copy_object", key, CopySource=from_object)
            return
        # Copying in parts makes a new object, which gets no metadata by itself.
        extra = {"Metadata": head.get("Metadata", {}), "MetadataDirective": "REPLACE"}
        with self._transfers(key) as manager:
            manager.copy(from_object, self._name, self._prefix + key, extra_args=extra).result()

    def upload(self, key: str, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """Store a file of any size. It appears complete, or not at all."""
        if path.stat().st_size < LARGE:
            self.put(key, path.read_bytes(), metadata=metadata)
            return
        with self._transfers(key) as manager:
            extra = {"Metadata": dict(metadata or {})}
            manager.upload(str(path), self._name, self._prefix + key, extra_args=extra).result()

    def download(self, key: str, path: Path) -> Mapping[str, str]:
        """Download to a file in chunks and return the metadata. KeyError if there is none, OSError from the disk."""
        answer = self._call("get_object", key)
        try:
            with path.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1024 * 1024):
                    file.write(chunk)
        except BotoCoreError as error:
            raise BucketTrouble(f"{self.uri}{key}: {error}", final=False) from error
        metadata: Mapping[str, str] = answer.get("Metadata", {})
        return metadata

    @contextmanager
    def _transfers(self, key: str) -> Iterator[Any]:
        """Move a large object in parts, several at a time. Its errors are those of every other call."""
        from boto3.s3.transfer import TransferConfig, create_transfer_manager  # noqa: PLC0415  takes 0.1 s

        config = TransferConfig(multipart_threshold=LARGE, multipart_chunksize=PART)
        with self._errors(self.uri + key), create_transfer_manager(self._s3, config) as manager:
            yield manager

    def _body(self, answer: Any) -> bytes:
        try:
            body: bytes = answer["Body"].read()
        except BotoCoreError as error:
            raise BucketTrouble(str(error), final=False) from error
        return body

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        return self._request(operation, self.uri + key, {"Bucket": self._name, "Key": self._prefix + key, **arguments})

    def _request(self, operation: str, where: str, arguments: Mapping[str, Any]) -> Any:
        with self._errors(where):
            return getattr(self._s3, operation)(**arguments)

    @contextmanager
    def _errors(self, where: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if code in _CONFLICTS:
                raise Conflict(where) from error
            if code in _ABSENT:
                raise KeyError(where) from error
            message = f"{where}: {code}: {error.response['Error'].get('Message', '')}".rstrip(": ")
            raise BucketTrouble(message, final=code in _FINAL) from error
        except BotoCoreError as error:
            raise BucketTrouble(f"{where}: {error}", final=False) from error
