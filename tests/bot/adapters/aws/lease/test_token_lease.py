"""One bot for each token, against a real HTTP S3."""

import base64
from pathlib import Path

import pytest

from bot.adapters.aws import token_lease
from bot.adapters.aws.clients import AwsClients, Client
from bot.adapters.aws.probe.token import token_check
from bot.adapters.aws.token_lease import Signed, TokenLease, adopt_instance, instance_id, lease_uri, read
from bot.errors import StoreError
from bot.services.running.doctor import Finding, Level
from deploy.sandbox.aws.resources import Resources

TOKEN = base64.urlsafe_b64encode(b"1234567890").decode().rstrip("=") + ".x.y"


def test_the_object_is_named_after_the_application_and_holds_nothing_of_the_token() -> None:
    assert lease_uri("s3://bucket/signalbox/lab", TOKEN) == "s3://bucket/signalbox/lab/lease-1234567890.json"
    assert lease_uri("s3://bucket/signalbox/lab/", "odd") == "s3://bucket/signalbox/lab/lease-unknown.json"


def test_the_id_of_a_data_folder_stays(tmp_path: Path) -> None:
    first = instance_id(tmp_path)
    assert len(first) == 16
    assert instance_id(tmp_path) == first


def test_a_kill_while_the_id_is_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = instance_id(tmp_path)

    def killed(path: Path, content: str | bytes) -> int:
        path.open("w").close()  # emptied, and nothing written yet
        raise KeyboardInterrupt(content)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", killed)
        patched.setattr(Path, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            adopt_instance(tmp_path, "another")
    assert instance_id(tmp_path) == first


@pytest.mark.slow
class TestLease:
    @pytest.fixture
    def uri(self, resources: Resources, request: pytest.FixtureRequest) -> str:
        return f"s3://{resources.bucket}/signalbox/lab/{request.node.name}.json"

    async def test_second_bot_steps_back_and_both_say_so(self, aws: AwsClients, uri: str) -> None:
        first, second = TokenLease(aws, uri, "server"), TokenLease(aws, uri, "laptop")
        await first.take()
        with pytest.raises(StoreError, match=r"Another bot runs with this token, on .*; its last sign was \d+ s ago"):
            await second.take()
        assert first.wrong() == ""
        await first.renew()
        assert first.wrong().startswith("lease: another bot with this token tried to start on ")

    async def test_doctor_notices_a_bot_of_another_data_folder(self, aws: AwsClients, uri: str) -> None:
        async def found(own_id: str) -> Finding:
            return await token_check(aws.s3, uri, own_id).look()

        assert (await found("laptop")).found == "none runs"
        lease = TokenLease(aws, uri, "server")
        await lease.take()
        foreign = await found("laptop")
        assert foreign.level is Level.NOTE
        assert foreign.found.startswith("a bot with another data_dir runs on ")
        assert (await found("server")).level is Level.OK
        await lease.release()
        assert (await found("laptop")).found == "none runs"

    async def test_restart_with_the_same_data_takes_it_at_once_and_the_old_process_ends(
        self, aws: AwsClients, uri: str
    ) -> None:
        killed, again = TokenLease(aws, uri, "server"), TokenLease(aws, uri, "server")
        await killed.take()
        await again.take()
        await again.renew()
        with pytest.raises(StoreError):
            await killed.renew()
        await again.renew()

    async def test_a_put_of_the_killed_process_that_comes_late_locks_nobody_out(
        self, aws: AwsClients, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        holder = instance_id(tmp_path)
        killed = TokenLease(aws, uri, holder, data_dir=tmp_path)
        killed._remember()
        again, late = TokenLease(aws, uri, holder, data_dir=tmp_path), [killed]

        async def read_before_it_comes(s3: Client, place: str) -> Signed | None:
            found = await read(s3, place)
            if late:
                await late.pop()._hold({})
            return found

        monkeypatch.setattr(token_lease, "read", read_before_it_comes)
        await again.take()
        assert again.wrong() == ""
        await again.renew()

    async def test_released_lease_is_free(self, aws: AwsClients, uri: str) -> None:
        first, second = TokenLease(aws, uri, "server"), TokenLease(aws, uri, "laptop")
        await first.take()
        await first.renew()
        await first.release()
        await second.take()
        found = await read(aws.s3, uri)
        assert found is not None
        assert found.by.id == "laptop"

    async def test_lease_of_a_crashed_bot_runs_out_however_often_another_tries(
        self, aws: AwsClients, uri: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crashed, other = TokenLease(aws, uri, "server"), TokenLease(aws, uri, "laptop")
        await crashed.take()
        with pytest.raises(StoreError):
            await other.take()
        monkeypatch.setattr(token_lease, "LEASE_SECONDS", 0.0)
        await other.take()
        monkeypatch.undo()
        with pytest.raises(StoreError):
            await crashed.renew()

    async def test_deleted_object_is_made_again(self, aws: AwsClients, uri: str, resources: Resources) -> None:
        lease = TokenLease(aws, uri, "server")
        await lease.take()
        await aws.s3.delete_object(Bucket=resources.bucket, Key=uri.split("/", 3)[3])
        await lease.renew()
        await lease.renew()
        assert await read(aws.s3, uri) is not None
