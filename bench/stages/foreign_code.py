"""The sandbox with projects of other people's code: one repository and one section of the config for each."""

import os
import subprocess
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from bench.stages.sandbox import SandboxStage, sandbox_stage
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import ResourcePlan
from deploy.sandbox.demo.view import Json
from deploy.sandbox.session import Sandbox

_WHO = {f"GIT_{who}_{what}": "bench@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_VCPUS = 4


@dataclass(frozen=True, slots=True)
class Code:
    """A repository whose `train.py` is run. `settings` are those of its section, beside what every project has."""

    project: str
    files: Mapping[str, str]
    settings: Mapping[str, object] = field(default_factory=dict)


@asynccontextmanager
async def foreign_stage(
    codes: Sequence[Code],
    *,
    at_once: int = 4,
    memory_mib: int = 12_000,
    pace: Mapping[str, float] | None = None,
    aws: Settings | None = None,
    on_event: Callable[[Json], None] = lambda _: None,
) -> AsyncIterator[SandboxStage]:
    """Start the sandbox with these projects, of which `at_once` jobs run at a time. `pace` replaces the sandbox's own;
    an empty one is the bot's default."""

    def configure(place: Sandbox) -> None:
        path = place.folder / "config.toml"
        config = tomllib.loads(path.read_text())
        config["projects"] = {code.project: _section(code, config["projects"]["mnist"], place) for code in codes}
        if pace is not None:
            config["pace"] = dict(pace)
        path.write_text(tomli_w.dumps(config))

    plan = ResourcePlan(vcpus=_VCPUS, max_vcpus=_VCPUS * at_once, memory_mib=memory_mib)
    async with sandbox_stage(aws=aws, plan=plan, configure=configure, on_event=on_event) as stage:
        yield stage


def _section(code: Code, common: Mapping[str, Any], place: Sandbox) -> dict[str, Any]:
    folder = place.folder / "code" / code.project
    commit(folder, code.files)
    return {
        **common,
        "repository": folder.as_uri(),
        "branches": ["main"],
        "command": ["python", "train.py"],
        "channels": [],
        "parameters": {},
        **code.settings,
    }


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Make a repository with one commit, on main. Returns the commit's full id."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    for words in (("init", "--quiet", "--initial-branch=main"), ("add", "--all"), ("commit", "--quiet", "-m", "Train")):
        _git(folder, *words)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *words: str) -> str:
    environment = {**os.environ, **_WHO}
    done = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
