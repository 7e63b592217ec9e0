import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.container import Container
from tests.support.git import Repository
from trainer.run.spot import Metadata, SpotWatch
from trainer.storage.bucket import Bucket

NOTICE = '{"action": "terminate", "time": "2026-11-21T08:22:00Z"}'


@dataclass(slots=True)
class Host:
    """An instance's metadata service. It answers only requests with its token."""

    answers: dict[str, str] = field(default_factory=lambda: {"instance-id": "i-0abc", "instance-type": "g4dn.xlarge"})
    token: str = "t1"
    address: str = ""


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._answer(200, made.token)

        def do_GET(self) -> None:
            if self.headers.get("X-aws-ec2-metadata-token") != made.token:
                self._answer(401, "")
                return
            found = made.answers.get(self.path.removeprefix("/latest/meta-data/"))
            self._answer(404 if found is None else 200, found or "")

        def _answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_host_is_reported_once_and_notice_requests_checkpoint(host: Host, tmp_path: Path) -> None:
    hosts: list[str] = []
    watch = SpotWatch(Metadata(host.address), tmp_path, hosts.append)
    watch.poll()
    watch.poll()
    assert hosts == ["i-0abc g4dn.xlarge"]
    assert not (tmp_path / "notice").exists()
    host.answers["spot/instance-action"] = NOTICE
    watch.poll()
    assert watch.noticed
    assert (tmp_path / "notice").exists()


@pytest.mark.slow
def test_expired_token_is_renewed(host: Host) -> None:
    metadata = Metadata(host.address)
    assert metadata.get("instance-id") == "i-0abc"
    host.token = "t2"
    assert metadata.get("instance-id") == "i-0abc"


class FakeMetadata(dict[str, str]):
    """Metadata without a service. `requests` lists the names asked for."""

    def __init__(self, **answers: str) -> None:
        super().__init__(answers)
        self.requests: list[str] = []

    def get(self, name: str) -> str:
        self.requests.append(name)
        return super().get(name, "")


def test_notice_requests_one_checkpoint(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    metadata = FakeMetadata()
    watch = SpotWatch(metadata, tmp_path, lambda _: None)
    watch.poll()
    assert not (tmp_path / "notice").exists()
    metadata["spot/instance-action"] = NOTICE
    watch.poll()
    assert (tmp_path / "notice").exists()
    assert capfd.readouterr().out == (
        "signalbox: AWS is taking this host back at 2026-11-21T08:22:00Z (terminate): "
        "requested a checkpoint from the training code\n"
    )
    asked = len(metadata.requests)
    watch.poll()
    assert len(metadata.requests) == asked, "polls no more after the notice"


@pytest.mark.parametrize("notice", ["soon", "[1]", "{}"])
def test_notice_in_an_unknown_format_still_requests_a_checkpoint(tmp_path: Path, notice: str) -> None:
    watch = SpotWatch(FakeMetadata(**{"spot/instance-action": notice}), tmp_path, lambda _: None)
    watch.poll()
    assert watch.noticed
    assert (tmp_path / "notice").exists()


def test_polling_stops_without_a_metadata_service(tmp_path: Path) -> None:
    watch = SpotWatch(Metadata("http://127.0.0.1:1"), tmp_path, lambda _: None)
    for _ in range(5):
        watch.poll()
    assert not watch.noticed
    assert watch._failures == 3


def test_metadata_can_be_disabled() -> None:
    assert Metadata.from_environment({"AWS_EC2_METADATA_DISABLED": "true"}) is None
    assert Metadata.from_environment({}) is not None


WAITS_FOR_NOTICE = """
import time, trainer
state = trainer.checkpoint.load() or {"step": 0}
print("starts at", state["step"], flush=True)
trainer.report(epoch=1, train_loss=1.0)
for step in range(state["step"], 100_000):
    if trainer.checkpoint.wanted():
        trainer.checkpoint.save({"step": step + 1})
        trainer.report(epoch=1, val_loss=2.0)
        break
    time.sleep(0.01)
"""


@pytest.mark.slow
def test_checkpoint_requested_by_the_notice_is_stored(
    host: Host, container: Container, repository: Repository, bucket: Bucket
) -> None:
    host.answers["spot/instance-action"] = NOTICE
    commit = repository.commit({"train.py": WAITS_FOR_NOTICE})
    on_host = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": host.address}
    code, log = container.run("python", "train.py", COMMIT_ID=commit, **on_host)
    assert code == 0, log
    assert "AWS is taking this host back at 2026-11-21T08:22:00Z (terminate): requested a checkpoint" in log
    assert "checkpoint.pt" in bucket.names()
    stored = bucket.get("manifest.json")
    assert stored is not None
    assert json.loads(stored.body)["attempts"][0]["host"] == "i-0abc g4dn.xlarge"
