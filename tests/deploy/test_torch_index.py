"""Where `make setup` gets torch: the choice of the index, and the pip command that follows from it."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy import torch_index
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
PIN = "torch==2.13.0"
WHEEL = '<a href="/whl/cpu/torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl">torch</a>'
NOBODY = "http://127.0.0.1:9"
PYTHON = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "deploy/torch_index.py "*) echo $INDEX ;;
esac
"""


@contextmanager
def _index(page: str, *, status: int = 200, hang: bool = False) -> Iterator[str]:
    """A package index with one page. Hanging, it accepts the request and answers when the block ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if hang:
                over.wait(30)
            found = self.path == "/whl/cpu/torch/"
            self.send_response(status if found else 404)
            self.end_headers()
            self.wfile.write(page.encode() if found else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/whl/cpu"
        finally:
            over.set()
            server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_linux_takes_the_cpu_index(capsys: pytest.CaptureFixture[str]) -> None:
    with _index(WHEEL) as index:
        assert torch_index.main([PIN], "linux", index) == 0
    assert capsys.readouterr() == (f"{index}\n", "")


@pytest.mark.parametrize(
    ("page", "status"),
    [("", 200), (WHEEL, 503), (WHEEL.replace("2.13.0", "2.13.01"), 200), (WHEEL.replace("2.13.0", "2.12.0"), 200)],
)
def test_an_index_without_the_version_is_not_used(page: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with _index(page, status=status) as index:
        assert torch_index.main([PIN], "linux", index) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "using pip's own index" in err


def test_an_index_that_cannot_be_reached_is_not_used() -> None:
    assert not torch_index.has(NOBODY, PIN)
    assert not torch_index.has("http://[broken", PIN)


def test_an_index_that_hangs_is_given_up_in_time() -> None:
    with _index(WHEEL, hang=True) as index:
        assert not torch_index.has(index, PIN, seconds=0.3), "it has the version, but says so only later"


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_pips_own_index_has_the_cpu_build(platform: str, capsys: pytest.CaptureFixture[str]) -> None:
    with _index(WHEEL) as index:
        assert torch_index.main([PIN], platform, index) == 0
    assert capsys.readouterr() == ("", "")


def test_it_needs_nothing_but_the_standard_library() -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "deploy" / "torch_index.py"), PIN]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0
    assert done.stdout in ("", f"{torch_index.CPU_INDEX}\n")


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("override", "chosen", "options"),
    [
        ("", torch_index.CPU_INDEX, f"--index-url {torch_index.CPU_INDEX} "),
        ("", "", ""),
        ("https://example.org/cu130", torch_index.CPU_INDEX, "--index-url https://example.org/cu130 "),
    ],
)
def test_make_setup_installs_torch_from_there(override: str, chosen: str, options: str, tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    python, calls = tmp_path / "python", tmp_path / "calls"
    python.write_text(PYTHON)
    python.chmod(0o755)
    environment = {**os.environ, "CALLS": str(calls), "INDEX": chosen}
    command = ["make", "setup", f"PYTHON={python}", f"TORCH_INDEX={override}"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=PATIENCE)
    said = calls.read_text().splitlines()
    assert f"-m pip install --quiet --disable-pip-version-check {options}{PIN}" in said
    assert any(line.startswith("deploy/torch_index.py") for line in said) == (not override)
