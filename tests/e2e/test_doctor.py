"""`python -m bot doctor` against the sandbox, as against the real thing: healthy, and with one fault each."""

import asyncio
import os
import sys
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import tomli_w

from deploy.sandbox import botconfig
from deploy.sandbox.discord.permissions import Overwrite, Permission
from deploy.sandbox.discord.world import ChannelSpec, World
from deploy.sandbox.session import Sandbox, sandbox

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

# Where in the config, what to put there, what the bad line names, and what its mend says.
FAULTS = {
    "queue": (("projects", "mnist", "queue"), "nope", "BAD queue nope", "projects.mnist.queue"),
    "definition": (("projects", "mnist", "job_definition"), "nope", "no active job definition nope", "job_definition"),
    "bucket": (("projects", "mnist", "bucket"), "nope-bucket", "nope-bucket", "projects.mnist.bucket"),
    "log group": (("projects", "mnist", "log_group"), "/nope", "it logs to /signalbox/jobs", "log_group to"),
    "repository": (("projects", "mnist", "repository"), "file:///nope.git", "repository of mnist", "git ls-remote"),
    "branch": (("projects", "mnist", "branches"), ["nope"], "repository of mnist", "branches in the config"),
    "channel": (("projects", "mnist", "channels"), [123], "no channel 123", "projects.mnist.channels"),
    "server": (("discord", "guild_id"), 5, "not in the server 5", "invite the bot"),
    "events": (("aws", "events_queue_url"), "http://127.0.0.1:9/123456789012/q", "BAD queue of events", "events_queue"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Sandbox]:
    announcements = ChannelSpec("announcements", overwrites={"bot": Overwrite(deny=Permission.SEND_MESSAGES)})
    world = World(channels=(*World().channels, announcements))
    async with sandbox(world=world) as started:
        yield started


async def _doctor(running: Sandbox, config: dict[str, Any] | None = None, **environment: str) -> tuple[int, str]:
    path = running.folder / "config.toml"
    if config is not None:
        path = running.folder / "broken.toml"
        await asyncio.to_thread(path.write_text, tomli_w.dumps(config))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--config", str(path)),
        env={**os.environ, **botconfig.environment(running.ready), "COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def _config(running: Sandbox) -> dict[str, Any]:
    return tomllib.loads(await asyncio.to_thread((running.folder / "config.toml").read_text))


async def test_all_is_well_in_the_sandbox(running: Sandbox) -> None:
    status, output = await _doctor(running)
    assert status == 0, output
    assert output.count("ok  ") == 11
    assert output.rstrip().endswith("11 checks, all well.")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_named_with_its_mend(running: Sandbox, fault: str) -> None:
    (*way, last), value, named, mend = FAULTS[fault]
    config = await _config(running)
    section = config
    for key in way:
        section = section[key]
    section[last] = value
    status, output = await _doctor(running, config)
    assert status == 1, output
    bad = [part for part in output.split("\n") if part.startswith(("BAD ", "    "))]
    assert named in "\n".join(bad), output
    assert mend in "\n".join(bad), output


async def test_a_refused_token(running: Sandbox) -> None:
    status, output = await _doctor(running, DISCORD_TOKEN="a.b.c")
    assert status == 1
    assert "BAD Discord token" in output
    assert "Reset Token" in output
    assert "a.b.c" not in output


async def test_a_config_with_a_mistake_is_said_and_nothing_is_tried(running: Sandbox) -> None:
    config = await _config(running)
    config["aws"]["regoin"] = config["aws"].pop("region")
    status, output = await _doctor(running, config)
    assert status == 1
    assert "Did you mean region?" in output
    assert "ok  " not in output


async def test_permissions_that_a_channel_lacks(running: Sandbox, tmp_path: Path) -> None:
    config = await _config(running)
    config["projects"]["mnist"]["channels"] = [int(running.ready["discord"]["channels"]["announcements"])]
    status, output = await _doctor(running, config)
    assert status == 1, output
    assert "BAD #announcements of mnist: lacks: send messages" in output
