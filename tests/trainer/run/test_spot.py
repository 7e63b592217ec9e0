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

pytestmark = pytest.mark.slow

NOTICE = '{"action": "terminate", "time": "2026-11-21T08:22:00Z"}'


@dataclass(slots=True)
class Host:
    """An instance's metadata service, which gives nothing without a token."""

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


def test_the_host_is_told_once_and_the_notice_asks_for_a_checkpoint(host: Host, tmp_path: Path) -> None:
    told: list[str] = []
    watch = SpotWatch(Metadata(host.address), tmp_path, told.append)
    watch.look()
    watch.look()
    assert told == ["i-0abc g4dn.xlarge"]
    assert not (tmp_path / "notice").exists()
    host.answers["spot/instance-action"] = NOTICE
    watch.look()
    assert watch.noticed
    assert (tmp_path / "notice").exists()


def test_a_token_that_has_run_out_is_renewed(host: Host) -> None:
    metadata = Metadata(host.address)
    assert metadata.get("instance-id") == "i-0abc"
    host.token = "t2"
    assert metadata.get("instance-id") == "i-0abc"


def test_where_there_is_no_metadata_it_stops_asking(tmp_path: Path) -> None:
    watch = SpotWatch(Metadata("http://127.0.0.1:1"), tmp_path, lambda _: None)
    for _ in range(5):
        watch.look()
    assert not watch.noticed
    assert watch._failures == 3


def test_metadata_can_be_switched_off() -> None:
    assert Metadata.from_environment({"AWS_EC2_METADATA_DISABLED": "true"}) is None
    assert Metadata.from_environment({}) is not None


ASKED = """
import time, trainer
state = trainer.checkpoint.load() or {"step": 0}
print("begins at", state["step"], flush=True)
trainer.report(epoch=1, train_loss=1.0)
for step in range(state["step"], 100_000):
    if trainer.checkpoint.wanted():
        trainer.checkpoint.save({"step": step + 1})
        trainer.report(epoch=1, val_loss=2.0)
        break
    time.sleep(0.01)
"""


def test_training_code_is_asked_and_its_checkpoint_is_stored(
    host: Host, container: Container, repository: Repository, bucket: Bucket
) -> None:
    host.answers["spot/instance-action"] = NOTICE
    commit = repository.commit({"train.py": ASKED})
    on_host = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": host.address}
    code, log = container.run("python", "train.py", COMMIT_ID=commit, **on_host)
    assert code == 0, log
    assert "AWS takes this host back at 2026-11-21T08:22:00Z (terminate): asked the training code" in log
    assert "checkpoint.pt" in bucket.names()
    stored = bucket.get("manifest.json")
    assert stored is not None
    assert json.loads(stored.body)["attempts"][0]["host"] == "i-0abc g4dn.xlarge"
