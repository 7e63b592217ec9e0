"""Real jobs: submitted over HTTP, run as processes."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.aws_stand_in import PYTHON, Sandbox
from tests.support.processes import gone

pytestmark = pytest.mark.slow

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def test_job_succeeds_and_its_log_can_be_read(sandbox: Sandbox) -> None:
    job = sandbox.ended(sandbox.submit("print('one'); print('t\\rwo')"))
    attempt = job["attempts"][0]
    assert (job["status"], job["container"]["exitCode"]) == ("SUCCEEDED", 0)
    assert job["statusReason"] == attempt["statusReason"] == "Essential container in task exited"
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"] == attempt["stoppedAt"]
    assert job["container"]["logStreamName"].startswith("test/default/")
    assert sandbox.lines(job, at_least=2) == ["one", "t\rwo"]


def test_nonzero_exit_code_is_not_retried(sandbox: Sandbox) -> None:
    job = sandbox.ended(sandbox.submit("import sys; sys.exit('no such file')"))
    assert (job["status"], job["attempts"][0]["container"]["exitCode"], len(job["attempts"])) == ("FAILED", 1, 1)
    assert sandbox.lines(job, at_least=1) == ["no such file"]


def test_container_environment_has_nothing_from_ours(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import json, os, urllib.request; address = os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI']; "
        "credentials = json.load(urllib.request.urlopen(address)); "
        "print(json.dumps({**os.environ, 'cwd': os.getcwd(), 'credentials': credentials}))"
    )
    job_id = sandbox.submit(program, overrides={"environment": [{"name": "LR", "value": "0.1"}]})
    job = sandbox.ended(job_id)
    environment = json.loads(sandbox.lines(job, at_least=1)[0])
    assert environment["AWS_BATCH_JOB_ID"] == job_id
    assert environment["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert (environment["AWS_BATCH_JQ_NAME"], environment["AWS_BATCH_CE_NAME"]) == ("test-queue", "test-spot")
    assert environment["AWS_ENDPOINT_URL"] == sandbox.endpoint
    credentials = environment["credentials"]
    with pytest.raises(urllib.error.HTTPError, match="400"):  # they go with the container
        urllib.request.urlopen(environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    assert 700 <= len(credentials["Token"]) <= 1_100, "as long as a role's"
    assert credentials["RoleArn"].endswith(":role/test-job")
    assert (environment["LR"], environment["OMP_NUM_THREADS"]) == ("0.1", "1")
    assert "PYTEST_CURRENT_TEST" not in environment
    assert environment["cwd"] != str(Path.cwd())
    assert not Path(environment["HOME"]).exists()


def test_lines_can_be_read_while_the_job_runs(sandbox: Sandbox) -> None:
    job_id = sandbox.submit(SLEEP)
    job = sandbox.await_status(job_id, "RUNNING")
    assert sandbox.lines(job, at_least=1) == ["up"]
    assert sandbox.describe(job_id)["status"] == "RUNNING"
    sandbox.batch.terminate_job(jobId=job_id, reason="enough")


def test_lines_may_arrive_after_the_end(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"log_flush_seconds": 60, "log_ingestion_seconds": 0.2})
    job = sandbox.ended(sandbox.submit("print('late')"))
    assert sandbox.lines(job, at_least=1) == ["late"]
    late = sandbox.events(logStreamNamePrefix=job["container"]["logStreamName"])["events"][0]
    assert late["timestamp"] <= job["stoppedAt"] < late["ingestionTime"]


def test_every_line_of_a_long_log_is_read_once(sandbox: Sandbox) -> None:
    job = sandbox.ended(sandbox.submit("for n in range(25_000): print(n)"))
    stream = {"logStreamNames": [job["container"]["logStreamName"]]}
    sandbox.lines(job, at_least=10_000)
    messages: list[str] = []
    asked: dict[str, Any] = stream
    while asked:
        page = sandbox.events(**asked)
        messages += [event["message"] for event in page["events"]]
        asked = {**stream, "nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert messages == [str(n) for n in range(25_000)]


@pytest.mark.parametrize(("program", "exit_code"), [(SLEEP, 143), (DEAF, 137)])
def test_terminate_sends_sigterm_and_then_sigkill(sandbox: Sandbox, program: str, exit_code: int) -> None:
    job_id = sandbox.submit(program)
    sandbox.lines(sandbox.await_status(job_id, "RUNNING"), at_least=1)
    sandbox.batch.terminate_job(jobId=job_id, reason="stopped by mika")
    job = sandbox.ended(job_id)
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", "stopped by mika", True)
    assert job["container"]["exitCode"] == exit_code


def test_terminated_job_fails_even_with_exit_code_0(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"stop_timeout_seconds": 20})
    program = f"import signal, sys; signal.signal(15, lambda *_: sys.exit(0)); {SLEEP}"
    job_id = sandbox.submit(program)
    sandbox.lines(sandbox.await_status(job_id, "RUNNING"), at_least=1)
    sandbox.batch.terminate_job(jobId=job_id, reason="stop")
    job = sandbox.ended(job_id)
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 0)


# One write for each line: two processes share the pipe.
CHILD = (
    "import os, signal, sys, time; signal.signal(15, lambda *_: (os.write(1, b'child\\n'), sys.exit())); "
    "os.write(1, b'up\\n'); time.sleep(600)"
)
PARENT = (
    "import os, subprocess, sys, signal; signal.signal(15, lambda *_: os.write(1, b'parent\\n')); "
    f"subprocess.run([sys.executable, '-c', {CHILD!r}])"
)


@pytest.mark.parametrize(("group", "told"), [(True, {"up", "parent", "child"}), (False, {"up", "parent"})])
def test_sigterm_goes_to_the_group_or_the_first_process(sandbox: Sandbox, group: bool, told: set[str]) -> None:
    sandbox.control("POST", "settings", {"signal_group": group, "stop_timeout_seconds": 2})
    job_id = sandbox.submit(PARENT)
    sandbox.lines(sandbox.await_status(job_id, "RUNNING"), at_least=1)
    sandbox.batch.terminate_job(jobId=job_id, reason="stop")
    job = sandbox.ended(job_id)
    assert set(sandbox.lines(job, at_least=len(told))) == told


@pytest.mark.parametrize("apart", [False, True])
def test_no_child_process_outlives_its_job(sandbox: Sandbox, apart: bool) -> None:
    program = (
        "import subprocess, sys; "
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session={apart}); "
        "print(child.pid)"
    )
    job = sandbox.ended(sandbox.submit(program))
    pid = int(sandbox.lines(job, at_least=1)[0])
    assert gone(pid, within_seconds=30)


def test_timed_out_job_is_not_retried(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"timeout_scale": 0.005})
    always = {"attempts": 3}
    job_id = sandbox.submit(SLEEP, timeout={"attemptDurationSeconds": 60}, retryStrategy=always)
    job = sandbox.ended(job_id)
    assert (job["statusReason"], len(job["attempts"])) == ("Job attempt duration exceeded timeout", 1)
    assert job["container"]["exitCode"] == 143


def test_reclaimed_host_starts_another_attempt_and_log(sandbox: Sandbox) -> None:
    job_id = sandbox.submit("import os, time; print(os.environ['AWS_BATCH_JOB_ATTEMPT'], flush=True); time.sleep(600)")
    first = sandbox.await_status(job_id, "RUNNING")
    assert sandbox.lines(first, at_least=1) == ["1"]
    lost = sandbox.control("POST", "reclaim", {"jobId": job_id})
    again = sandbox.await_job(job_id, lambda job: len(job["attempts"]) == 1)
    assert again["attempts"][0]["statusReason"] == f"Host EC2 (instance {lost['instanceId']}) terminated."
    assert "exitCode" not in again["attempts"][0]["container"]
    second = sandbox.await_status(job_id, "RUNNING")
    assert sandbox.lines(second, at_least=1) == ["2"]
    assert first["container"]["logStreamName"] != second["container"]["logStreamName"]
    states = [entry["status"] for entry in sandbox.ledger("job.state", jobId=job_id)]
    assert states == ["RUNNABLE", "STARTING", "RUNNING"] * 2
    sandbox.batch.terminate_job(jobId=job_id, reason="enough")


def test_waiting_job_cannot_be_reclaimed(sandbox: Sandbox) -> None:
    job_id = sandbox.submit("pass")
    sandbox.ended(job_id)
    status, error = sandbox.control("POST", "reclaim", {"jobId": job_id})
    assert status == 400
    assert error == f"`jobId` must be a job in STARTING or RUNNING; '{job_id}' is SUCCEEDED"


def test_reclaim_with_notice(sandbox: Sandbox) -> None:
    program = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(print('told', flush=True))); "
    job_id = sandbox.submit(f"{program} print('up', flush=True); time.sleep(600)", retryStrategy={"attempts": 1})
    job = sandbox.await_status(job_id, "RUNNING")
    sandbox.lines(job, at_least=1)
    sandbox.control("POST", "reclaim", {"jobId": job_id, "notice_seconds": 20})
    ended = sandbox.ended(job_id)
    assert ended["statusReason"].startswith("Host EC2 (instance i-")
    assert sandbox.lines(ended, at_least=2) == ["up", "told"]


def test_out_of_memory_has_batchs_reason(sandbox: Sandbox) -> None:
    job_id = sandbox.submit(SLEEP)
    sandbox.await_status(job_id, "RUNNING")
    sandbox.control("POST", "oom", {"jobId": job_id})
    container = sandbox.ended(job_id)["container"]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def register(sandbox: Sandbox, **container: Any) -> str:
    resources = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    properties = {"image": PYTHON, "resourceRequirements": resources, **container}
    arn: str = sandbox.batch.register_job_definition(
        jobDefinitionName="other", type="container", containerProperties=properties
    )["jobDefinitionArn"]
    return arn


def test_unknown_image_cannot_be_pulled(sandbox: Sandbox) -> None:
    job = sandbox.ended(sandbox.submit("pass", jobDefinition=register(sandbox, image="nobody/nothing:1")))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith("CannotPullContainerError: ")
    assert "nobody/nothing:1" in job["container"]["reason"]
    assert "logStreamName" not in job["container"]


def test_container_does_not_start_without_its_log_group(sandbox: Sandbox) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/nowhere"}}
    job = sandbox.ended(sandbox.submit("pass", jobDefinition=register(sandbox, logConfiguration=logs)))
    assert "The specified log group does not exist: /nowhere" in job["container"]["reason"]


def test_batchs_default_log_group_is_created_on_demand(sandbox: Sandbox) -> None:
    job = sandbox.ended(sandbox.submit("print('here')", jobDefinition=register(sandbox)))
    stream = job["container"]["logStreamName"]
    assert stream.startswith("other/default/")
    found = sandbox.clients.logs.filter_log_events(logGroupName="/aws/batch/job", logStreamNames=[stream])
    assert [event["message"] for event in found["events"]] == ["here"]


def test_children_of_an_array_know_their_index(sandbox: Sandbox) -> None:
    program = "import os; print(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'])"
    array = sandbox.submit(program, arrayProperties={"size": 3}, tags={"sweep": "k7"})
    parent = sandbox.ended(array)
    assert parent["arrayProperties"]["size"] == 3
    assert parent["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    assert "attempts" in parent
    child = sandbox.describe(f"{array}:2")
    assert (child["arrayProperties"], child["tags"]) == ({"index": 2}, {"sweep": "k7"})
    assert sandbox.lines(child, at_least=1) == ["2"]
    listed = sandbox.batch.list_jobs(arrayJobId=array, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert [each["jobId"] for each in listed] == [f"{array}:{n}" for n in range(3)]


def test_jobs_beyond_capacity_wait_and_are_in_the_snapshot(sandbox: Sandbox) -> None:
    running = [sandbox.submit(SLEEP) for _ in range(4)]
    for job_id in running:
        sandbox.await_status(job_id, "RUNNING")
    waiting = [sandbox.submit(SLEEP) for _ in range(2)]
    for job_id in waiting:
        sandbox.await_status(job_id, "RUNNABLE")
    front = sandbox.batch.get_job_queue_snapshot(jobQueue=sandbox.resources.queue)["frontOfQueue"]["jobs"]
    assert [each["jobArn"].rpartition("/")[2] for each in front] == waiting
    for job_id in [*waiting, *running]:
        sandbox.batch.terminate_job(jobId=job_id, reason="enough")
    assert {sandbox.ended(job_id)["status"] for job_id in [*waiting, *running]} == {"FAILED"}


def test_shortage_keeps_jobs_runnable_until_it_ends(sandbox: Sandbox) -> None:
    reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    sandbox.control("POST", "settings", {"capacity_reason": reason})
    job_id = sandbox.submit("pass")
    assert sandbox.await_status(job_id, "RUNNABLE")["statusReason"] == reason
    sandbox.control("POST", "settings", {"capacity_reason": ""})
    assert sandbox.ended(job_id)["status"] == "SUCCEEDED"


def test_tags_can_be_read_and_changed(sandbox: Sandbox) -> None:
    job = sandbox.describe(sandbox.submit("pass", tags={"run": "1"}))
    sandbox.batch.tag_resource(resourceArn=job["jobArn"], tags={"more": "2"})
    assert sandbox.describe(job["jobId"])["tags"] == {"run": "1", "more": "2"}


def test_submission_may_become_visible_late(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"describe_lag_seconds": 30, "list_lag_seconds": 30})
    job_id = sandbox.submit("pass", name="seen-late")
    by_name = [{"name": "JOB_NAME", "values": ["seen-late"]}]
    queue = sandbox.resources.queue
    assert sandbox.batch.describe_jobs(jobs=[job_id])["jobs"] == []
    assert sandbox.batch.list_jobs(jobQueue=queue, filters=by_name)["jobSummaryList"] == []
    sandbox.control("POST", "settings", {"describe_lag_seconds": 0, "list_lag_seconds": 0})
    assert sandbox.describe(job_id)["jobId"] == job_id
    assert [each["jobId"] for each in sandbox.batch.list_jobs(jobQueue=queue, filters=by_name)["jobSummaryList"]] == [
        job_id
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"jobName": "a b"}, "Job name should match valid pattern"),
        ({"jobQueue": "nowhere"}, "JobQueue nowhere not found"),
        ({"jobDefinition": "nothing"}, "JobDefinition nothing not found"),
        ({"dependsOn": [{"jobId": "x"}]}, "Job x, on which this job depends, does not exist"),
    ],
)
def test_refusals_are_client_exceptions_and_in_the_ledger(sandbox: Sandbox, asked: dict[str, Any], says: str) -> None:
    good = {"jobQueue": sandbox.resources.queue, "jobDefinition": sandbox.resources.job_definition, "jobName": "job"}
    with pytest.raises(sandbox.batch.exceptions.ClientException, match=says):
        sandbox.batch.submit_job(**{**good, **asked})
    assert says in sandbox.ledger("job.refused")[-1]["error"]


def test_at_most_100_jobs_per_describe(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="Maximum number of jobs supported is  100"):
        sandbox.batch.describe_jobs(jobs=[str(n) for n in range(101)])


def test_unknown_jobs_are_ignored(sandbox: Sandbox) -> None:
    assert sandbox.batch.describe_jobs(jobs=["nothing"])["jobs"] == []
    sandbox.batch.terminate_job(jobId="nothing", reason="x")
    sandbox.batch.cancel_job(jobId="nothing", reason="x")


def test_ledger_records_every_step_of_a_job(sandbox: Sandbox) -> None:
    job_id = sandbox.submit("print(1); print(2)", tags={"run": "1"})
    job = sandbox.ended(job_id)
    sandbox.lines(job, at_least=2)
    assert [entry["tags"] for entry in sandbox.ledger("job.submit", jobId=job_id)] == [{"run": "1"}]
    states = [entry["status"] for entry in sandbox.ledger("job.state", jobId=job_id)]
    assert states == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    assert [entry["lines"] for entry in sandbox.ledger("log.stream", stream=job["container"]["logStreamName"])] == [2]


def test_invalid_control_calls_are_refused_with_the_valid_ones(sandbox: Sandbox) -> None:
    status, error = sandbox.control("POST", "ledger")
    assert status == 404
    assert "GET /sandbox/ledger" in error
    assert sandbox.control("POST", "settings", {"x": 1})[0] == 400
    for method, path, body, says in [
        ("GET", "ledger?after=x", None, "`after` must be the number of a ledger entry (got 'x')"),
        ("POST", "reclaim", {"jobId": "1", "notice_seconds": "2"}, "`notice_seconds` must be a number"),
        ("POST", "reclaim", [], "the body must be a JSON object (got list)"),
    ]:
        status, error = sandbox.control(method, path, body)
        assert (status, says in error) == (400, True)
