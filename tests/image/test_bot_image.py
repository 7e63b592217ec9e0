"""The bot's image as its Compose file runs it: read-only, without capabilities, with a volume for its data."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.image.containers import podman

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CONFINED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges", "--pids-limit=512")
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def mounted(tmp_path: Path) -> tuple[str, ...]:
    """The config, and an empty folder for the data."""
    (tmp_path / "etc").mkdir()
    shutil.copy(PROJECT / "config.example.toml", tmp_path / "etc" / "config.toml")
    (tmp_path / "var").mkdir()
    volumes = (f"--volume={tmp_path}/var:/home/signalbox/var:U", f"--volume={tmp_path}/etc:/etc/signalbox:ro")
    return (*volumes, "--env=DISCORD_TOKEN=not-a-token")


def test_help_lists_the_commands(bot: str) -> None:
    done = podman(*CONFINED, image=bot, command=["--help"])
    assert done.returncode == 0, done.stderr
    for command in ("run", "doctor", "restore", "audit"):
        assert f" {command} " in done.stdout


def test_doctor_says_plainly_what_is_missing(bot: str, mounted: tuple[str, ...]) -> None:
    command = ["doctor", "--config", "/etc/signalbox/config.toml"]
    done = podman(*CONFINED, *mounted, image=bot, command=command)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("BAD   AWS credentials: ") and "Give the bot valid" in line for line in lines), lines
    assert any(line.startswith("BAD   Discord token: ") for line in lines)
    assert "bad" in lines[-1]
    assert "Traceback" not in done.stdout + done.stderr
    assert "not-a-token" not in done.stdout + done.stderr


def test_it_runs_unprivileged_and_writes_to_its_volume_alone(
    bot: str, mounted: tuple[str, ...], tmp_path: Path
) -> None:
    words = ["podman", "run", "--detach", "--network=none", *CONFINED, *mounted, bot]
    name = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    try:
        log = _log_until(name, "snapshot taken")
        ask = "id -u; grep -E 'NoNewPrivs|CapEff' /proc/1/status; for each in / /opt /home/signalbox /etc/signalbox; "
        ask += "do touch $each/x 2>/dev/null && echo wrote to $each; done; true"
        told = subprocess.run(["podman", "exec", name, "sh", "-c", ask], capture_output=True, text=True, check=True)
        stopped = subprocess.run(["podman", "stop", "--time=30", name], capture_output=True, text=True, check=True)
        code = subprocess.run(["podman", "wait", name], capture_output=True, text=True, check=True).stdout.strip()
        log = _log(name)
    finally:
        subprocess.run(["podman", "rm", "--force", name], capture_output=True, check=False)
    assert told.stdout.split() == ["1000", "CapEff:", "0000000000000000", "NoNewPrivs:", "1"]
    assert code == "0", (log, stopped.stderr)
    assert not [line for line in log.splitlines() if line.startswith("{") and json.loads(line)["level"] == "error"]
    store = tmp_path / "var" / "signalbox.db"
    assert (store.stat().st_uid, store.stat().st_mode & 0o777) == (1000, 0o600)


def _log(name: str) -> str:
    done = subprocess.run(["podman", "logs", name], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def _log_until(name: str, text: str) -> str:
    until = time.monotonic() + 60
    while text not in (log := _log(name)):
        assert time.monotonic() < until, log
        time.sleep(0.5)
    return log
