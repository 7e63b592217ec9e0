"""Repositories on the disk, and their large files of Git LFS."""

import base64
import hashlib
import http.server
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

IDENTITY = {f"GIT_{who}_{what}": "tester@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
"""In the environment of git, so that it can commit."""
_NO_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
"""The machine's own settings would change what is committed: git-lfs adds its filter to them when it is installed."""


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody with a name; its output without spaces around it."""
    environment = {**os.environ, **IDENTITY, **_NO_SETTINGS}
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository. `commit` returns the full id of the new commit."""

    folder: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str], message: str = "Train") -> str:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


TOKEN = "token-of-a-private-repository"
"""For `private`."""


@pytest.fixture
def private(repository: Repository) -> Iterator[str]:
    """The repository and its large files over HTTP, for those who have the token."""
    wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="private"')
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length", 0))
            if path.endswith(_BATCH):
                server = f"http://{self.headers['Host']}{path.removesuffix(_BATCH)}"
                self._send(_batch_answer(self.rfile.read(length), server), "application/vnd.git-lfs+json")
                return
            if _OBJECTS in path:
                self._send(
                    _object_path(repository.folder, path.rpartition("/")[2]).read_bytes(), "application/octet-stream"
                )
                return
            backend = subprocess.run(
                ["git", "http-backend"],
                input=self.rfile.read(length),
                check=True,
                capture_output=True,
                env={
                    **os.environ,
                    "GIT_PROJECT_ROOT": str(repository.folder.parent),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(length),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "REMOTE_USER": "x",
                },
            )
            head, _, body = backend.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not on the tests' output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/repository/.git"
    server.shutdown()
    server.server_close()
    thread.join()


_BATCH, _OBJECTS = "/info/lfs/objects/batch", "/info/lfs/objects/"
"""Ends of paths: https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md. All that is asked of the
server is downloads: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md"""


def add_large_file(repository: Repository, content: bytes) -> str:
    """Store its content in the repository. Returns the pointer, which is what to commit.

    https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    name = hashlib.sha256(content).hexdigest()
    path = _object_path(repository.folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {len(content)}\n"


def _batch_answer(body: bytes, server: str) -> bytes:
    """`server` is the address before `/info/lfs`."""
    wanted = json.loads(body)["objects"]
    objects = [{**each, "actions": {"download": {"href": f"{server}{_OBJECTS}{each['oid']}"}}} for each in wanted]
    return json.dumps({"transfer": "basic", "objects": objects}).encode()


def _object_path(repository: Path, name: str) -> Path:
    return repository / ".git" / "lfs" / "objects" / name[:2] / name[2:4] / name
