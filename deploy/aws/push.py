"""`python -m deploy.aws.push`: builds the images and pushes them to the stack's repository, with their commit as a tag.

Docker or podman does it, whichever is here. `--torch-index` chooses the trainer's PyTorch: see the Dockerfile.
"""

import argparse
import base64
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws.outputs import Output
from deploy.aws.up import StackError, stack_outputs

TARGETS = ("trainer", "bot")
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
RunCommand = Callable[[Sequence[str], str], str]
"""A command with its standard input: its output. Raises CommandError."""


class CommandError(Exception):
    """A command is not there, or did not end well; the message names it."""


@dataclass(frozen=True, slots=True)
class Image:
    """`commit` is "" where it is not known, or files differ from it."""

    target: str
    repository: str
    commit: str
    machine: str

    @property
    def names(self) -> tuple[str, ...]:
        """What it is pushed as: the tag that is started, and the one that stays."""
        tags = (self.target, f"{self.target}-{self.commit[:12]}") if self.commit else (self.target,)
        return tuple(f"{self.repository}:{tag}" for tag in tags)

    def build(self, *arguments: str) -> list[str]:
        """What follows `docker`."""
        named = [part for name in self.names for part in ("--tag", name)]
        revision = f"REVISION={self.commit or 'unknown'}"
        asked = [part for argument in (revision, *arguments) for part in ("--build-arg", argument)]
        return ["build", "--target", self.target, "--platform", f"linux/{self.machine}", *asked, *named, "."]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.push", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("--only", choices=TARGETS, help="one of the two images; else both")
    parser.add_argument("--torch-index", default="", help="where the trainer's PyTorch comes from: CPU or CUDA")
    given = parser.parse_args(arguments)
    try:
        push(load(given.config), [given.only] if given.only else TARGETS, given.torch_index, run)
    except (ConfigError, StackError, CommandError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def push(config: Config, targets: Sequence[str], torch_index: str, run: RunCommand) -> None:
    """Raises CommandError, StackError, and botocore's errors."""
    program = next((name for name in ("docker", "podman") if shutil.which(name)), "")
    if not program:
        raise CommandError("Neither docker nor podman is here, and one of them builds the images.")
    repository = stack_outputs(_client(config, "cloudformation"), config.deploy.stack)[Output.REPOSITORY_URI]
    user, password = _login(_client(config, "ecr"))
    registry = repository.partition("/")[0]
    run([program, "login", "--username", user, "--password-stdin", registry], password)
    commit = _commit(run)
    for target in targets:
        image = Image(target, repository, commit, _machine(config, target))
        extra = [f"TORCH_INDEX={torch_index}"] if torch_index and target == "trainer" else []
        run([program, *image.build(*extra)], "")
        for name in image.names:
            run([program, "push", name], "")
            sys.stdout.write(f"{name} is there.\n")


def run(command: Sequence[str], stdin: str) -> str:
    """Progress goes to the terminal."""
    try:
        done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError as error:
        raise CommandError(f"{command[0]} is not here.") from error
    except subprocess.CalledProcessError as error:
        shown = " ".join(command)
        raise CommandError(f"`{shown}` ended with {error.returncode}.") from error
    return done.stdout


def _commit(run: RunCommand) -> str:
    """The full id; "" with a word where the images would not be that commit's."""
    try:
        changed = run(["git", "status", "--porcelain"], "")
        commit = run(["git", "rev-parse", "HEAD"], "").strip()
    except CommandError:
        changed, commit = "", ""
    if commit and not changed:
        return commit
    why = "files differ from the last commit" if commit else "there is no git repository here"
    sys.stdout.write(f"The images carry no commit, as {why}.\n")
    return ""


def _machine(config: Config, target: str) -> str:
    """What the image runs on: AWS's GPU machines are x86, the host may be Graviton or somebody's own machine."""
    host = config.deploy.host
    if target == "bot" and host == "none":
        return "arm64" if platform.machine() in ("arm64", "aarch64") else "amd64"
    return "arm64" if target == "bot" and _GRAVITON.match(host) else "amd64"


def _login(ecr: Any) -> tuple[str, str]:
    (granted,) = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
    return user, password


def _client(config: Config, service: str) -> Any:
    return boto3.client(service, region_name=config.aws.region, endpoint_url=config.aws.endpoint_url)


if __name__ == "__main__":
    sys.exit(main())
