"""The fake, called through the adapters that the bot uses for AWS."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiobotocore.session import AioSession

from bench.fleet.grid import EPOCHS, METRIC, Fate, Grid
from bench.fleet.server import BUCKET, DEFINITION, GROUP, QUEUE, Fleet, Settings
from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.cloudwatch import AwsLogs
from bot.adapters.aws.event_queue import AwsEvents
from bot.adapters.aws.s3 import AwsArtifacts
from bot.domain.metrics.progress_rows import parse_line
from bot.domain.model.states import JobState
from bot.errors import Missing, Throttled
from bot.ports.engine import SubmitCall
from tests.support.clock import Clock

pytestmark = pytest.mark.slow

GRID = Grid(40, 40)
PREFIX = f"s3://{BUCKET}/jobs/k7q2mx/"
SETTINGS = Settings(machines=40, mean=6.0, ramp=2.0, lag=1.0, delay=5.0)
BEGAN = 1_000_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGAN)


@pytest.fixture
async def fleet(clock: Clock) -> AsyncIterator[Fleet]:
    async with Fleet(GRID, SETTINGS, now=clock) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def session() -> AioSession:
    """One for all tests, as it reads AWS's service models."""
    return AioSession()


@pytest.fixture
async def clients(fleet: Fleet, session: AioSession, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsClients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    async with aws_clients(fleet.ready()["region"], fleet.url, session=session) as clients:
        yield clients


@pytest.fixture
def batch(clients: AwsClients, clock: Clock) -> BatchEngine:
    """The real adapter, which spaces its reads by advancing the clock itself."""

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    return BatchEngine(clients, now=clock, sleep=sleep)


def _submission(size: int = GRID.trials, **environment: str) -> SubmitCall:
    space = {"axes": [["lr", [1, 2]]], "numbers": f"0-{GRID.trials - 1}"}
    given = {"JOB_ID": "k7q2mx", "OUTPUT_URI": PREFIX, "SWEEP_SPACE": json.dumps(space), **environment}
    return SubmitCall("signalbox-k7q2mx", QUEUE, DEFINITION, ("python",), given, {"a": "b"}, 600, array_size=size)


async def _ended(batch: BatchEngine, fleet: Fleet, clock: Clock) -> str:
    engine_id = await batch.submit(_submission())
    clock.now = max(timeline.ended_at for timeline in fleet.jobs.submitted[engine_id].timelines) + SETTINGS.lag
    return engine_id


async def test_an_array_goes_from_pending_to_its_end(batch: BatchEngine, fleet: Fleet, clock: Clock) -> None:
    engine_id = await batch.submit(_submission())
    assert await batch.describe([engine_id]) == {}
    clock.now += 30
    seen = (await batch.describe([engine_id]))[engine_id]
    counts = dict(seen.children)
    assert seen.state is JobState.PENDING
    assert sum(counts.values()) == GRID.trials
    assert counts[JobState.RUNNING] + counts[JobState.STARTING] == SETTINGS.machines
    assert (seen.name, dict(seen.tags)) == ("signalbox-k7q2mx", {"a": "b"})
    clock.now += 1_000
    seen = (await batch.describe([engine_id]))[engine_id]
    failed = sum(known.failed for known in GRID.expected)
    assert seen.state is JobState.FAILED
    assert {state: count for state, count in seen.children if count} == {
        JobState.SUCCEEDED: GRID.trials - failed,
        JobState.FAILED: failed,
    }
    assert fleet.ledger.counts["SubmitJob"] == 1


async def test_children_are_listed_by_state_in_pages(batch: BatchEngine, fleet: Fleet, clock: Clock) -> None:
    engine_id = await _ended(batch, fleet, clock)
    before = fleet.ledger.counts["ListJobs"]
    succeeded = await batch.children(engine_id, JobState.SUCCEEDED)
    assert fleet.ledger.counts["ListJobs"] - before == 2
    failed = await batch.children(engine_id, JobState.FAILED)
    assert failed == [f"{engine_id}:{known.number}" for known in GRID.expected if known.failed]
    assert len(set(succeeded)) == GRID.trials - len(failed)
    assert await batch.children(engine_id, JobState.RUNNING) == []


async def test_a_child_shows_its_attempts(batch: BatchEngine, fleet: Fleet, clock: Clock) -> None:
    engine_id = await _ended(batch, fleet, clock)
    timelines = fleet.jobs.submitted[engine_id].timelines
    lost = next(index for index, timeline in enumerate(timelines) if len(timeline.attempts) > 1)
    number = next(known.number for known in GRID.expected if known.fate is Fate.OUT_OF_MEMORY)
    seen = await batch.describe([f"{engine_id}:{lost}", f"{engine_id}:{number}"])
    attempts = seen[f"{engine_id}:{lost}"].attempts
    assert len(attempts) == len(timelines[lost].attempts)
    assert attempts[0].reason.startswith("Host EC2 (instance i-")
    assert len({attempt.log_stream for attempt in attempts}) == len(attempts)
    last = seen[f"{engine_id}:{number}"].last
    assert (last.exit_code, last.reason) == (137, GRID.expected[number].reason)
    assert last.stopped_at == pytest.approx(timelines[number].ended_at, abs=0.001)


async def test_a_running_child_has_a_log_stream_and_no_end(batch: BatchEngine, clock: Clock) -> None:
    engine_id = await batch.submit(_submission())
    clock.now += 30
    running = await batch.children(engine_id, JobState.RUNNING)
    seen = (await batch.describe(running[:100]))[running[0]]
    assert (seen.state, seen.stopped_at, seen.last.stopped_at) == (JobState.RUNNING, None, None)
    assert seen.last.log_stream


async def test_a_running_child_reports_its_epochs(
    batch: BatchEngine, clients: AwsClients, fleet: Fleet, clock: Clock
) -> None:
    engine_id = await batch.submit(_submission())
    attempt = fleet.jobs.submitted[engine_id].timelines[7].attempts[0]
    clock.now = attempt.started + (attempt.stopped - attempt.started) / 2 + SETTINGS.delay
    seen = (await batch.describe([f"{engine_id}:7"]))[f"{engine_id}:7"]
    page = await AwsLogs(clients).read(GROUP, [seen.last.log_stream or ""], 0)
    reported = [report.values[METRIC] for event in page.events if (report := parse_line(event.message))]
    assert reported == list(GRID.expected[7].values[: EPOCHS // 2])


async def test_a_job_is_found_by_name_and_among_live_jobs(batch: BatchEngine, fleet: Fleet, clock: Clock) -> None:
    engine_id = await batch.submit(_submission())
    clock.now += 30
    assert [seen.engine_id for seen in await batch.find(QUEUE, "signalbox-k7q2mx")] == [engine_id]
    assert await batch.find(QUEUE, "signalbox-k7q2") == []
    assert [seen.engine_id for seen in await batch.live(QUEUE)] == [engine_id]
    assert [seen.engine_id for seen in await batch.made_since(QUEUE, BEGAN - 1)] == [engine_id]
    assert await batch.made_since(QUEUE, BEGAN + 1) == []
    assert await batch.room(QUEUE, DEFINITION) == SETTINGS.machines


async def test_a_single_trial(batch: BatchEngine, clock: Clock) -> None:
    name = {"JOB_ID": "k7q2mx.7", "OUTPUT_URI": f"{PREFIX}7/", "SWEEP_SPACE": ""}
    engine_id = await batch.submit(_submission(0, **name))
    clock.now += 1_000
    seen = (await batch.describe([engine_id]))[engine_id]
    assert (seen.state, seen.children, GRID.expected[7].fate) == (JobState.SUCCEEDED, (), Fate.SUCCEEDED)


async def test_terminated_trials_fail_with_the_reason(batch: BatchEngine, clock: Clock) -> None:
    engine_id = await batch.submit(_submission())
    clock.now += 30
    running = await batch.children(engine_id, JobState.RUNNING)
    await batch.terminate(running[0], "Stopped by mika")
    clock.now += 2
    seen = (await batch.describe(running[:1]))[running[0]]
    assert (seen.state, seen.status_reason, seen.terminated) == (JobState.FAILED, "Stopped by mika", True)
    await batch.terminate(engine_id, "Stopped by mika")
    clock.now += 2
    states = Counter(dict((await batch.describe([engine_id]))[engine_id].children))
    assert states[JobState.SUCCEEDED] + states[JobState.FAILED] == GRID.trials


async def test_batch_reads_beyond_ten_a_second_are_throttled(clients: AwsClients, clock: Clock) -> None:
    once = clients.batch_once
    for _ in range(10):
        await once.describe_jobs(jobs=["x"])
    with pytest.raises(once.exceptions.ClientError, match="TooManyRequestsException"):
        await once.list_jobs(jobQueue=QUEUE)
    clock.now += 0.11
    assert (await once.list_jobs(jobQueue=QUEUE))["jobSummaryList"] == []


async def test_metrics_exist_from_the_trials_end_on(
    batch: BatchEngine, clients: AwsClients, fleet: Fleet, clock: Clock
) -> None:
    artifacts = AwsArtifacts(clients)
    engine_id = await batch.submit(_submission())
    ended = fleet.jobs.submitted[engine_id].timelines[7].ended_at
    clock.now = ended - 0.001
    with pytest.raises(Missing):
        await artifacts.read(f"{PREFIX}7/metrics.csv", limit=1 << 30)
    clock.now = ended
    assert await artifacts.read(f"{PREFIX}7/metrics.csv", limit=1 << 30) == GRID.expected[7].csv
    clock.now += 1_000
    listed = await artifacts.list(PREFIX)
    assert len(listed) == 1_000
    without = next(known.number for known in GRID.expected if known.fate is Fate.WITHOUT_METRICS)
    with pytest.raises(Missing):
        await artifacts.read(f"{PREFIX}{without}/metrics.csv", limit=1 << 30)


async def test_a_stored_object_can_be_read(clients: AwsClients, tmp_path: Path) -> None:
    artifacts, source = AwsArtifacts(clients), tmp_path / "store.db"
    source.write_bytes(b"\0" * 100_000)
    await artifacts.write(f"s3://{BUCKET}/store.db", source, "application/octet-stream")
    assert await artifacts.read(f"s3://{BUCKET}/store.db", limit=1 << 30) == source.read_bytes()


async def test_last_lines_arrive_late_and_in_pages(
    batch: BatchEngine, clients: AwsClients, fleet: Fleet, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs, engine_id = AwsLogs(clients), await batch.submit(_submission())
    job = fleet.jobs.submitted[engine_id]
    numbers = [known.number for known in GRID.expected if known.fate is Fate.DIVERGED]
    last = max(job.timelines[number].ended_at for number in numbers)
    clock.now = last + SETTINGS.lag
    seen = await batch.describe([f"{engine_id}:{number}" for number in numbers])
    streams = [each.last.log_stream or "" for each in seen.values()]
    clock.now = last + SETTINGS.delay - 0.015
    early = await logs.read(GROUP, streams, 0)
    clock.now = last + SETTINGS.delay
    monkeypatch.setattr("bench.fleet.streams.PAGE", 20)
    pages = [await logs.read(GROUP, streams, 0)]
    while token := pages[-1].token:
        clock.now += 0.2
        pages.append(await logs.read(GROUP, streams, 0, token))
    messages = {event.stream: event.message for page in pages for event in page.events}
    assert len(pages) > 1
    assert sorted(messages.values()) == sorted(GRID.expected[number].failure_detail for number in numbers)
    assert len(early.events) == sum(len(page.events) for page in pages) - 1
    with pytest.raises(Missing):
        await logs.read(GROUP, [f"{streams[0]}-0"], 0)


async def test_log_reads_have_their_own_limit(clients: AwsClients, fleet: Fleet) -> None:
    logs = AwsLogs(clients)
    for _ in range(5):
        with pytest.raises(Missing):
            await logs.read(GROUP, ["signalbox/default/x-0-0"], 0)
    with pytest.raises(Throttled):
        await logs.read(GROUP, ["signalbox/default/x-0-0"], 0)
    assert fleet.ledger.throttled == {"FilterLogEvents": 1}


async def test_each_child_sends_events(batch: BatchEngine, clients: AwsClients, fleet: Fleet, clock: Clock) -> None:
    events = AwsEvents(clients, fleet.ready()["events_queue_url"])
    assert await events.receive(0) == []
    engine_id = await batch.submit(_submission(2))
    assert await events.receive(0) == []
    clock.now += 1_000
    received = []
    while hints := await events.receive(0):
        received += [hint.engine_id for hint in hints]
        await events.acknowledge(hints)
    attempts = [len(timeline.attempts) for timeline in fleet.jobs.submitted[engine_id].timelines]
    assert Counter(received) == {f"{engine_id}:{index}": 3 * count for index, count in enumerate(attempts)}


async def test_the_account_id_is_returned(clients: AwsClients) -> None:
    assert (await clients.sts.get_caller_identity())["Account"] == "123456789012"


async def test_an_unknown_call_is_refused(clients: AwsClients) -> None:
    with pytest.raises(clients.batch.exceptions.ClientError, match="does not implement CancelJob"):
        await clients.batch.cancel_job(jobId="x", reason="y")


async def test_more_than_a_hundred_streams_are_refused(clients: AwsClients) -> None:
    with pytest.raises(clients.logs.exceptions.ClientError, match="1 to 100 streams, not 101"):
        await clients.logs.filter_log_events(logGroupName=GROUP, logStreamNames=["a"] * 101)
