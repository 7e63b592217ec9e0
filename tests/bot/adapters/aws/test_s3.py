"""Objects, against a real HTTP S3."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.aws import s3
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.s3 import AwsArtifacts, parse_uri
from bot.errors import Missing, Refused
from deploy.sandbox.aws.resources import Clients, Resources
from tests.bot.adapters.vendor import Vendor, page

LIMIT = 1024 * 1024


class TestParseUri:
    @given(st.text())
    @settings(deadline=None)
    def test_keys_come_back_as_they_are(self, key: str) -> None:
        assert parse_uri(f"s3://some.bucket-1/{key}") == ("some.bucket-1", key)

    @pytest.mark.parametrize(
        "uri", ["", "bucket/key", "s3://", "s3:///key", "s3://bucket", "s3://B/key", "https://x/y", " s3://bucket/key"]
    )
    def test_says_what_is_expected(self, uri: str) -> None:
        with pytest.raises(Refused, match="is not an S3 address"):
            parse_uri(uri)


@pytest.mark.slow
class TestArtifacts:
    @pytest.fixture
    def artifacts(self, aws: AwsClients) -> AwsArtifacts:
        return AwsArtifacts(aws)

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "metrics.csv"
        path.write_bytes(b"epoch,loss\n1,0.5\n")
        return path

    async def test_what_was_written_is_read(self, artifacts: AwsArtifacts, resources: Resources, source: Path) -> None:
        uri = f"s3://{resources.bucket}/jobs/written/mä träin+&?#.csv"
        await artifacts.write(uri, source, "text/csv")
        assert await artifacts.read(uri, limit=LIMIT) == source.read_bytes()
        head = Clients(resources.endpoint).s3.head_object(Bucket=resources.bucket, Key=parse_uri(uri).key)
        assert head["ContentType"] == "text/csv"

    async def test_an_empty_file(self, artifacts: AwsArtifacts, resources: Resources, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.touch()
        uri = f"s3://{resources.bucket}/jobs/empty/log.txt"
        await artifacts.write(uri, empty, "text/plain")
        assert await artifacts.read(uri, limit=LIMIT) == b""

    async def test_no_more_than_the_limit(self, artifacts: AwsArtifacts, resources: Resources, source: Path) -> None:
        uri = f"s3://{resources.bucket}/jobs/limit/metrics.csv"
        await artifacts.write(uri, source, "text/csv")
        assert len(await artifacts.read(uri, limit=17)) == 17
        with pytest.raises(Refused, match="17 bytes or more; the limit is 16"):
            await artifacts.read(uri, limit=16)

    async def test_what_is_not_there(self, artifacts: AwsArtifacts, resources: Resources) -> None:
        for uri in (f"s3://{resources.bucket}/jobs/none", "s3://no-such-bucket-here/key"):
            with pytest.raises(Missing):
                await artifacts.read(uri, limit=LIMIT)
        assert await artifacts.list(f"s3://{resources.bucket}/jobs/none/") == []

    @pytest.mark.parametrize("call", ["read", "link"])
    async def test_a_folder_is_no_object(self, artifacts: AwsArtifacts, call: str) -> None:
        arguments = {"seconds": 60} if call == "link" else {"limit": LIMIT}
        with pytest.raises(Refused, match="Give the address of an object"):
            await getattr(artifacts, call)("s3://bucket/", **arguments)

    async def test_a_listing_is_newest_first_and_of_that_job_alone(
        self, artifacts: AwsArtifacts, resources: Resources, source: Path
    ) -> None:
        prefix = f"s3://{resources.bucket}/jobs/ls"
        for name in ("b.csv", "a/deep.png", "c.pt"):
            await artifacts.write(f"{prefix}/{name}", source, "text/csv")
        await artifacts.write(f"{prefix}x/other.csv", source, "text/csv")
        Clients(resources.endpoint).s3.put_object(Bucket=resources.bucket, Key="jobs/ls/")
        listed = await artifacts.list(prefix)
        assert {artifact.name for artifact in listed} == {"b.csv", "a/deep.png", "c.pt"}
        assert {artifact.size for artifact in listed} == {17}
        assert all(artifact.uri == f"{prefix}/{artifact.name}" for artifact in listed)
        modified = [artifact.modified for artifact in listed]
        assert modified == sorted(modified, reverse=True)

    async def test_a_listing_over_pages_keeps_the_newest(
        self, vendor: Vendor, odd_aws: AwsClients, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3, "MOST_LISTED", 2)
        vendor.answers_with(*(page(200, listing(number, more=number < 3), "text/xml") for number in (1, 2, 3)))
        listed = await AwsArtifacts(odd_aws).list("s3://bucket/jobs/k/")
        assert [(artifact.name, artifact.modified) for artifact in listed] == [
            ("3.txt", 1788220803),
            ("2.txt", 1788220802),
        ]

    async def test_a_link_works_without_credentials(
        self, artifacts: AwsArtifacts, resources: Resources, source: Path
    ) -> None:
        uri = f"s3://{resources.bucket}/jobs/link/a b.csv"
        await artifacts.write(uri, source, "text/csv")
        link = await artifacts.link(uri, 60)
        assert link.startswith(f"{resources.endpoint}/{resources.bucket}/jobs/link/a%20b.csv?")
        assert "X-Amz-Expires=60" in link
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
        with urllib.request.urlopen(link) as answer:
            assert answer.read() == source.read_bytes()

    async def test_a_link_with_a_roles_credentials_is_long_and_works(
        self, resources: Resources, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", resources.session_token)
        async with aws_clients("us-east-1", resources.endpoint) as clients:
            artifacts = AwsArtifacts(clients)
            uri = f"s3://{resources.bucket}/jobs/link/c.csv"
            await artifacts.write(uri, source, "text/csv")
            link = await artifacts.link(uri, 60)
        assert 1_100 <= len(link) <= 1_600
        with urllib.request.urlopen(link) as answer:
            assert answer.read() == source.read_bytes()

    async def test_a_link_of_real_s3_names_the_bucket_as_a_host(self) -> None:
        async with aws_clients("eu-west-1") as clients:
            link = await AwsArtifacts(clients).link("s3://some-bucket/key", 10**9)
        assert link.startswith("https://some-bucket.s3.")
        assert "X-Amz-Expires=604800" in link


def listing(number: int, *, more: bool) -> str:
    """One page of ListObjectsV2 with one object, modified `number` seconds after a full hour."""
    return f"""<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Name>bucket</Name><Prefix>jobs/k/</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>
        <IsTruncated>{str(more).lower()}</IsTruncated><NextContinuationToken>t{number}</NextContinuationToken>
        <Contents><Key>jobs/k/{number}.txt</Key><LastModified>2026-09-01T00:00:0{number}.000Z</LastModified>
        <Size>{number}</Size></Contents></ListBucketResult>"""
