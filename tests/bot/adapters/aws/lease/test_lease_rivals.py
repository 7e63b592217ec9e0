"""Two bots with one token and a bucket in memory: one runs, whatever happens between them and S3."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from bot.adapters.aws import token_lease
from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.token_lease import LEASE_SECONDS, NOTE_SECONDS, TokenLease, instance_id
from bot.errors import StoreError
from tests.bot.adapters.aws.lease.contested_bucket import Bucket, Line
from tests.support.clock import Clock
from tests.support.waiting import PATIENCE

URI = "s3://bucket/signalbox/lab/lease-1.json"
LEASE, NOTE = "signalbox/lab/lease-1.json", "signalbox/lab/lease-1-second.json"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket(Clock())


def lease(line: Line, holder_id: str, data_dir: Path | None = None) -> TokenLease:
    clients = cast("AwsClients", SimpleNamespace(s3=line))
    return TokenLease(clients, URI, holder_id, data_dir=data_dir, clock=line.bucket.clock)


def in_folder(line: Line, folder: Path) -> TokenLease:
    """As `bot/app.py` makes it."""
    folder.mkdir(exist_ok=True)
    return lease(line, instance_id(folder), folder)


@asynccontextmanager
async def stepping_back() -> AsyncIterator[None]:
    with pytest.raises(StoreError, match="Another bot runs with this token"):
        yield


# ---- starting ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("before", ["nothing", "ended", "run out"])
async def test_of_five_that_start_in_the_same_second_one_runs_and_says_so(bucket: Bucket, before: str) -> None:
    if before != "nothing":
        earlier = lease(bucket.client(), "earlier")
        await earlier.take()
        if before == "ended":
            await earlier.release()
        bucket.clock.tick(LEASE_SECONDS + 1)
    bots = [lease(bucket.client(), f"bot{number}") for number in range(5)]
    ended = await asyncio.gather(*(bot.take() for bot in bots), return_exceptions=True)
    (winner,) = [bot for bot, error in zip(bots, ended, strict=True) if error is None]
    assert all(isinstance(error, StoreError) for error in ended if error is not None)
    assert winner.wrong() == ""
    with structlog.testing.capture_logs() as logs:
        await winner.renew()
    assert winner.wrong().startswith("lease: another bot with this token tried to start on ")
    assert any("stepped back" in entry["event"] for entry in logs)


async def test_second_bot_steps_back_even_if_its_note_is_refused(bucket: Bucket) -> None:
    await lease(bucket.client(), "server").take()
    line = bucket.client()
    line.refused = (NOTE,)
    with structlog.testing.capture_logs() as logs:
        async with stepping_back():
            await lease(line, "laptop").take()
    assert any("could not leave a note" in entry["event"] for entry in logs)


async def test_bucket_that_refuses_everything_stops_nobody_and_is_logged_each_time(bucket: Bucket) -> None:
    """Then each command still goes to the bot that acknowledges it first."""
    line = bucket.client()
    line.refused = (LEASE, NOTE)
    bots = [lease(line, "server"), lease(line, "laptop")]
    for bot in bots:
        with structlog.testing.capture_logs() as logs:
            await bot.take()
        assert [entry["event"] for entry in logs] == ["could not check for another bot with this token"]
        assert bot.wrong() == ""
        await bot.release()
    line.refused = ()
    await bots[0].renew()
    async with stepping_back():
        await bots[1].renew()


@pytest.mark.parametrize("text", [b"", b"not json", b"[1]", b'{"id": "x"}', b"\xff"])
async def test_object_that_nobody_can_read_is_somebody_elses_until_it_is_old(bucket: Bucket, text: bytes) -> None:
    bucket.objects[LEASE] = (text, bucket.clock())
    async with stepping_back():
        await lease(bucket.client(), "server").take()
    bucket.clock.tick(LEASE_SECONDS + 1)
    await lease(bucket.client(), "server").take()


@pytest.mark.parametrize("skew", [-86_400, -3_600, 3_600, 86_400])
async def test_clock_of_a_machine_does_not_matter(bucket: Bucket, skew: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """How old a lease is follows from S3's clock alone."""
    first, second = lease(bucket.client(), "server"), lease(bucket.client(), "laptop")
    await first.take()
    monkeypatch.setattr("time.time", lambda: bucket.clock() + skew)
    async with stepping_back():
        await second.take()
    bucket.clock.tick(LEASE_SECONDS - 2)
    await first.renew()
    bucket.clock.tick(LEASE_SECONDS - 2)
    async with stepping_back():
        await second.take()
    bucket.clock.tick(4)
    await second.take()


# ---- the same bot again --------------------------------------------------------------------------------------
async def test_killed_bot_starts_at_once_on_a_machine_of_another_name(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container gets a new name, and keeps its volume."""
    for number in range(15):
        monkeypatch.setattr("socket.gethostname", lambda number=number: f"container{number}")
        bot = in_folder(bucket.client(), tmp_path)
        await bot.take()
        await bot.renew()
        assert bot.wrong() == ""
        bucket.clock.tick(1)


async def test_killed_bot_that_starts_without_s3_does_not_step_back_from_itself(bucket: Bucket, tmp_path: Path) -> None:
    await in_folder(bucket.client(), tmp_path).take()
    line = bucket.client()
    line.cut = True
    again = in_folder(line, tmp_path)
    await again.take()
    bucket.clock.tick(30)
    line.cut = False
    await again.renew()
    await again.renew()
    assert again.wrong() == ""


async def test_kill_between_the_signature_and_its_answer_locks_nobody_out(bucket: Bucket, tmp_path: Path) -> None:
    for _ in range(3):
        line = bucket.client()
        line.late = True
        await in_folder(line, tmp_path).take()
    await in_folder(bucket.client(), tmp_path).take()


async def test_copy_of_a_data_folder_takes_over_once_and_the_first_stays_away(bucket: Bucket, tmp_path: Path) -> None:
    """Supervisors start both again and again: they do not take turns."""
    first, copied = tmp_path / "first", tmp_path / "copy"
    original = in_folder(bucket.client(), first)
    await original.take()
    copied.mkdir()
    (copied / "instance").write_bytes((first / "instance").read_bytes())
    other = in_folder(bucket.client(), copied)
    await other.take()
    async with stepping_back():
        await original.renew()
    for _ in range(5):
        bucket.clock.tick(20)
        async with stepping_back():
            await in_folder(bucket.client(), first).take()
        await other.renew()
    assert other.wrong().startswith("lease: another bot with this token tried to start on ")


async def test_instance_of_an_earlier_version_has_no_process_and_starts(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("0123456789abcdef")
    await lease(bucket.client(), "0123456789abcdef").take()
    bot = in_folder(bucket.client(), tmp_path)
    await bot.take()
    assert instance_id(tmp_path) == "0123456789abcdef"


# ---- the way to the bucket is cut -----------------------------------------------------------------------------
async def test_bot_cut_off_from_the_bucket_says_so_and_steps_back_once_another_has_the_lease(bucket: Bucket) -> None:
    line = bucket.client()
    server, laptop = lease(line, "server"), lease(bucket.client(), "laptop")
    await server.take()
    line.cut = True
    bucket.clock.tick(LEASE_SECONDS - 1)
    assert server.wrong() == ""
    async with stepping_back():
        await laptop.take()
    bucket.clock.tick(2)
    assert server.wrong() == "lease: not renewed for 101 s, because S3 does not answer; another bot may start"
    await laptop.take()
    line.cut = False
    async with stepping_back():
        await server.renew()
    await laptop.renew()
    assert laptop.wrong().startswith("lease: another bot with this token tried to start on ")


async def test_bot_cut_off_for_hours_goes_on_if_no_other_came(bucket: Bucket) -> None:
    line = bucket.client()
    server = lease(line, "server")
    await server.take()
    line.cut = True
    bucket.clock.tick(5 * 3600)
    line.cut = False
    await server.renew()
    assert server.wrong() == ""


async def test_renewal_whose_answer_is_lost_is_no_rivals(bucket: Bucket) -> None:
    line = bucket.client()
    server = lease(line, "server")
    await server.take()
    for _ in range(3):
        line.late = True
        with pytest.raises(Exception, match="S3 PutObject"):
            await server.renew()
        await server.renew()
        await server.renew()
    assert server.wrong() == ""


async def test_renewal_in_the_last_moment_is_seen_by_whoever_takes_over(bucket: Bucket) -> None:
    """The same signature would have the same ETag, and the take-over would overwrite it."""
    server, line = lease(bucket.client(), "server"), bucket.client()
    await server.take()
    await server.renew()
    bucket.clock.tick(LEASE_SECONDS + 1)
    get = line.get_object

    async def then_renewed(**where: str) -> Mapping[str, Any]:
        found = await get(**where)
        line.get_object = get  # type: ignore[method-assign]
        await server.renew()
        return found

    line.get_object = then_renewed  # type: ignore[assignment]
    async with stepping_back():
        await lease(line, "laptop").take()
    await server.renew()


async def test_keep_tries_sooner_after_a_failure_and_ends_with_the_lease(bucket: Bucket) -> None:
    rests: list[float] = []
    line = bucket.client()

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        bucket.clock.tick(seconds)
        line.cut = len(rests) in (2, 3)
        if len(rests) == 6:
            bucket.objects[LEASE] = (b"{}", bucket.clock())

    bot = TokenLease(cast("AwsClients", SimpleNamespace(s3=line)), URI, "server", sleep=sleep, clock=bucket.clock)
    await bot.take()
    async with stepping_back():
        await bot.keep()
    assert rests == [30, 30, 10, 10, 30, 30]


async def test_note_is_forgotten_after_a_while(bucket: Bucket) -> None:
    server = lease(bucket.client(), "server")
    await server.take()
    async with stepping_back():
        await lease(bucket.client(), "laptop").take()
    await server.renew()
    assert server.wrong()
    bucket.clock.tick(NOTE_SECONDS + 1)
    await server.renew()
    assert server.wrong() == ""


async def test_shutdown_waits_only_seconds_for_s3(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_lease, "RELEASE_SECONDS", 0.05)
    line = bucket.client()
    server = lease(line, "server")
    await server.take()

    async def hangs(**_: object) -> Mapping[str, str]:
        await asyncio.Event().wait()
        return {}

    line.put_object = hangs  # type: ignore[method-assign]
    async with asyncio.timeout(PATIENCE):
        await server.release()
