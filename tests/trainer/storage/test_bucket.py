"""The promises of a bucket, kept by S3 and by the fake."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.sandbox.aws.common.settings import LiveSettings, Settings
from deploy.sandbox.aws.moto_patches import s3
from tests.support.memory_bucket import MemoryBucket
from trainer.storage import bucket as bucket_module
from trainer.storage.bucket import ANY, LARGE, LONGEST_KEY, Bucket, BucketTrouble, Conflict
from trainer.storage.upload import sha256_of


def test_object_is_returned_with_etag_age_and_metadata(bucket: Bucket) -> None:
    etag = bucket.put("metrics.csv", b"loss\n1\n", metadata={"sha256": "x"})
    stored = bucket.get("metrics.csv")
    assert stored is not None
    assert (stored.body, stored.etag, dict(stored.metadata)) == (b"loss\n1\n", etag, {"sha256": "x"})
    assert abs(stored.age) < 60


def test_missing_object_is_none(bucket: Bucket) -> None:
    assert bucket.get("metrics.csv") is None


def test_new_content_has_another_etag_and_same_content_the_same(bucket: Bucket) -> None:
    first = bucket.put("a", b"1")
    assert bucket.put("a", b"2") != first
    assert bucket.put("a", b"1") == first


def test_put_of_a_new_key_conflicts_with_an_existing_one(bucket: Bucket) -> None:
    bucket.put("claim.json", b"1", if_match=ANY)
    with pytest.raises(Conflict):
        bucket.put("claim.json", b"2", if_match=ANY)
    stored = bucket.get("claim.json")
    assert stored is not None
    assert stored.body == b"1"


def test_put_over_a_version_needs_that_version(bucket: Bucket) -> None:
    first = bucket.put("claim.json", b"1")
    bucket.put("claim.json", b"2", if_match=first)
    with pytest.raises(Conflict):
        bucket.put("claim.json", b"3", if_match=first)
    with pytest.raises(KeyError):
        bucket.put("missing.json", b"1", if_match=first)


def test_names_are_those_directly_under_the_prefix(bucket: Bucket) -> None:
    for key in ("metrics.csv", "artifacts/walk.png", "2/metrics.csv"):
        bucket.put(key, b"x")
    names = bucket.names()
    assert set(names) == {"metrics.csv"}
    assert abs(datetime.now(UTC) - names["metrics.csv"]) < timedelta(minutes=1)


def test_copy_takes_content_and_metadata(bucket: Bucket) -> None:
    bucket.put("checkpoint.pt", b"one", metadata={"sha256": "x"})
    bucket.copy("checkpoint.pt", "checkpoint.previous.pt")
    bucket.put("checkpoint.pt", b"two")
    stored = bucket.get("checkpoint.previous.pt")
    assert stored is not None
    assert (stored.body, dict(stored.metadata)) == (b"one", {"sha256": "x"})
    with pytest.raises(KeyError):
        bucket.copy("missing.pt", "checkpoint.pt")


def test_file_is_uploaded_and_downloaded_with_its_metadata(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"weights")
    bucket.upload("model.pt", tmp_path / "a", metadata={"sha256": "x"})
    assert dict(bucket.download("model.pt", tmp_path / "b")) == {"sha256": "x"}
    assert (tmp_path / "b").read_bytes() == b"weights"


def test_download_of_a_missing_object_leaves_no_file(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        bucket.download("model.pt", tmp_path / "model.pt")
    assert not (tmp_path / "model.pt").exists()


def test_upload_of_a_missing_file_raises_file_not_found(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.upload("model.pt", tmp_path / "model.pt")


def test_fake_raises_its_trouble_in_every_call(tmp_path: Path) -> None:
    bucket = MemoryBucket(trouble=BucketTrouble("NoSuchBucket", final=True))
    (tmp_path / "a").touch()
    calls = (
        lambda: bucket.put("a", b""),
        lambda: bucket.get("a"),
        bucket.names,
        lambda: bucket.copy("a", "b"),
        lambda: bucket.upload("a", tmp_path / "a"),
        lambda: bucket.download("a", tmp_path / "b"),
    )
    for call in calls:
        with pytest.raises(BucketTrouble, match="NoSuchBucket"):
            call()


@pytest.mark.slow
def test_missing_bucket_is_a_final_error(s3_bucket: Bucket) -> None:
    with pytest.raises(BucketTrouble, match="NoSuchBucket") as caught:
        Bucket("s3://there-is-none/jobs/x/").put("metrics.csv", b"x")
    assert caught.value.final


@pytest.mark.slow
def test_large_file_is_uploaded_in_parts_and_appears_complete(s3_bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "large.pt"
    with path.open("wb") as file:
        file.truncate(LARGE)
        file.write(b"end")
    threads = threading.active_count()
    s3_bucket.upload("checkpoint.pt", path, metadata={"sha256": "x"})
    assert s3_bucket.download("checkpoint.pt", tmp_path / "back.pt")["sha256"] == "x"
    assert sha256_of(tmp_path / "back.pt") == sha256_of(path)
    assert threading.active_count() <= threads + 1


MIB = 1024 * 1024


@pytest.fixture
def limited(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """S3 takes 8 MiB where it really takes 5 GiB, and files from 7 MiB are large. A part has at least 5 MiB."""
    s3.install(LiveSettings(Settings(s3_single_call_bytes=8 * MIB)))
    monkeypatch.setattr(bucket_module, "LARGE", 7 * MIB)
    monkeypatch.setattr(bucket_module, "PART", 5 * MIB)
    yield s3_bucket
    s3.install()


@pytest.mark.slow
def test_object_too_large_for_one_call_is_uploaded_and_copied_in_parts(limited: Bucket, tmp_path: Path) -> None:
    (tmp_path / "large.pt").write_bytes(b"x" * 12 * MIB + b"end")
    with pytest.raises(BucketTrouble, match="EntityTooLarge"):
        limited.put("checkpoint.pt", (tmp_path / "large.pt").read_bytes())
    limited.upload("checkpoint.pt", tmp_path / "large.pt", metadata={"sha256": "x"})
    source = {"Bucket": limited._name, "Key": limited._prefix + "checkpoint.pt"}
    with pytest.raises(ClientError, match="larger than the maximum allowable size for a copy source: 8388608"):
        limited._s3.copy_object(Bucket=limited._name, Key="copy", CopySource=source)
    limited.copy("checkpoint.pt", "checkpoint.previous.pt")
    assert limited.download("checkpoint.previous.pt", tmp_path / "back.pt") == {"sha256": "x"}
    assert sha256_of(tmp_path / "back.pt") == sha256_of(tmp_path / "large.pt")


@pytest.mark.slow
def test_large_upload_without_a_connection_is_bucket_trouble(
    s3_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(bucket_module, "LARGE", 1)
    monkeypatch.setattr(bucket_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    (tmp_path / "a").write_bytes(b"weights")
    with pytest.raises(BucketTrouble, match="Could not connect"):
        Bucket(s3_bucket.uri).upload("model.pt", tmp_path / "a")


@pytest.mark.slow
def test_key_problem_is_what_s3_refuses(s3_bucket: Bucket) -> None:
    s3.install()
    longest = "é" * ((LONGEST_KEY - len(s3_bucket._prefix)) // 2)
    assert s3_bucket.key_problem(longest) == ""
    s3_bucket.put(longest, b"x")
    assert s3_bucket.key_problem(longest + "éé").endswith("bytes, and S3 takes 1,024")
    with pytest.raises(BucketTrouble, match="KeyTooLongError: Your key is too long"):
        s3_bucket.put(longest + "éé", b"x")


def test_name_that_is_not_utf8_has_no_key(bucket: Bucket) -> None:
    assert bucket.key_problem("caf\udce9.png") == "its name is not valid UTF-8"


@pytest.mark.slow
@pytest.mark.parametrize(("code", "final"), [("ExpiredToken", False), ("AccessDenied", True)])
def test_expired_credentials_are_no_final_error(
    s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, code: str, final: bool
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")

    monkeypatch.setattr(s3_bucket._s3, "put_object", refuse)
    with pytest.raises(BucketTrouble) as caught:
        s3_bucket.put("metrics.csv", b"x")
    assert caught.value.final is final
