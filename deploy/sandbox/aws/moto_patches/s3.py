"""S3's limits on sizes and keys, which moto does not have. The settings make them small enough for a test."""

from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend

from deploy.sandbox.aws.common.settings import LiveSettings, Settings

LONGEST_KEY = 1024
"""Bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_MOTO = {name: getattr(S3Backend, name) for name in ("put_object", "copy_object", "create_multipart_upload")}
_MOTO |= {name: getattr(S3Backend, name) for name in ("upload_part", "upload_part_copy")}


def install(settings: LiveSettings | None = None) -> None:
    """Call once per process, before the server answers."""
    limits = _Limits(settings or LiveSettings(Settings()))
    for name, original in _MOTO.items():
        setattr(S3Backend, name, _checked(getattr(limits, name), original))


def _checked(check: Callable[..., None], original: Any) -> Any:
    def call(backend: S3Backend, *arguments: Any, **more: Any) -> Any:
        check(backend, *arguments, **more)
        return original(backend, *arguments, **more)

    return call


class _Limits:
    """One check for each call; each takes the arguments of moto's method."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings

    def put_object(self, _: Any, bucket_name: str, key_name: str, value: bytes, **more: Any) -> None:
        """Check a PutObject; moto also calls it at the end of a multipart upload."""
        del bucket_name
        _check_key(key_name)
        if not more.get("multipart"):
            self._check_upload(value)

    def create_multipart_upload(self, _: Any, bucket_name: str, key_name: str, *__: Any, **___: Any) -> None:
        del bucket_name
        _check_key(key_name)

    def upload_part(self, _: Any, bucket_name: str, multipart_id: str, part_id: int, value: bytes) -> None:
        del bucket_name, multipart_id, part_id
        self._check_upload(value)

    def copy_object(self, _: Any, src_key: Any, dest_bucket_name: str, dest_key_name: str, **__: Any) -> None:
        del dest_bucket_name
        _check_key(dest_key_name)
        self._check_copy(src_key.size)

    def upload_part_copy(self, *_: Any, start_byte: int | None, end_byte: int | None, **__: Any) -> None:
        """Check a range. Without one the whole source is copied; boto3 always sends one."""
        if start_byte is not None and end_byte is not None:
            self._check_copy(end_byte + 1 - start_byte)

    def _check_copy(self, size: int) -> None:
        """CopyObject: "You create a copy of your object up to 5 GB in size in a single atomic action using this API."

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html; the answer is quoted in
        https://github.com/hashicorp/terraform-provider-aws/issues/38102.
        """
        largest = self._settings.now.s3_single_call_bytes
        if size > largest:
            text = f"The specified copy source is larger than the maximum allowable size for a copy source: {largest}"
            raise S3ClientError("InvalidRequest", text)

    def _check_upload(self, value: bytes) -> None:
        """PutObject and each part: "Upload an object in a single operation [...] up to 5 GB in size."

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
        """
        if len(value) > self._settings.now.s3_single_call_bytes:
            raise S3ClientError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")


def _check_key(name: str) -> None:
    """The answer is quoted in https://github.com/versity/versitygw/issues/2080."""
    if len(name.encode()) > LONGEST_KEY:
        raise S3ClientError("KeyTooLongError", "Your key is too long")
