"""`python -m deploy.aws.push`: build the images and push them to the stack's repository, tagged with their commit.

Uses docker, or podman if there is no docker. `--torch-index` chooses the trainer's PyTorch: see the Dockerfile.
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

from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws.cloudformation import StackError, clients, stack_outputs
from deploy.aws.outputs import Output

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
_BASE_IMAGE = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.M)
TARGETS = ("trainer", "bot")
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
RunCommand = Callable[[Sequence[str], str], str]
"""Runs a command with a standard input and returns its output. Raises CommandError."""


class CommandError(Exception):
    """A command is not installed, or it failed; the message names it."""


@dataclass(frozen=True, slots=True)
class Image:
    """`commit` is "" if it is unknown, or if the working tree differs from it."""

    target: str
    repository: str
    commit: str
    architecture: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names to push it under: the tag that jobs and the host start, and one that never moves to a later image."""
        tags = (self.target, f"{self.target}-{self.commit[:12]}") if self.commit else (self.target,)
        return tuple(f"{self.repository}:{tag}" for tag in tags)

    def build(self, *arguments: str) -> list[str]:
        """Arguments for `docker`; `arguments` are further build arguments."""
        tags = [part for name in self.names for part in ("--tag", name)]
        revision = f"REVISION={self.commit or 'unknown'}"
        build_args = [part for argument in (revision, *arguments) for part in ("--build-arg", argument)]
        platform = f"linux/{self.architecture}"
        return ["build", "--target", self.target, "--platform", platform, *build_args, *tags, "."]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.push", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("--only", choices=TARGETS, help="push only this image (both)")
    parser.add_argument("--torch-index", default="", help="package index for the trainer's PyTorch, CPU or CUDA")
    given = parser.parse_args(arguments)
    try:
        push(load(given.config), [given.only] if given.only else TARGETS, given.torch_index, run)
    except (ConfigError, StackError, CommandError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def push(config: Config, targets: Sequence[str], torch_index: str, run: RunCommand) -> None:
    """Build and push the images. Raises CommandError, StackError and botocore's errors."""
    program = next((name for name in ("docker", "podman") if shutil.which(name)), "")
    if not program:
        raise CommandError("Building the images needs docker or podman. Install one of them.")
    client = clients(config)
    repository = stack_outputs(client("cloudformation"), config.deploy.stack)[Output.REPOSITORY_URI]
    user, password = _login(client("ecr"))
    registry = repository.partition("/")[0]
    run([program, "login", "--username", user, "--password-stdin", registry], password)
    commit = _commit(run)
    base = _base(program, run)
    for target in targets:
        image = Image(target, repository, commit, _architecture(config, target))
        extra = [f"TORCH_INDEX={torch_index}"] if torch_index and target == "trainer" else []
        run([program, *image.build(f"BASE_IMAGE={base}", *extra)], "")
        for name in image.names:
            run([program, "push", name], "")
            sys.stdout.write(f"Pushed {name}\n")


def run(command: Sequence[str], stdin: str) -> str:
    """Run a command and return its standard output; errors and progress go to the terminal."""
    try:
        done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=True)
    except FileNotFoundError as error:
        raise CommandError(f"{command[0]} is not installed.") from error
    except subprocess.CalledProcessError as error:
        shown = " ".join(command)
        raise CommandError(f"`{shown}` failed with exit code {error.returncode}.") from error
    return done.stdout


def _base(program: str, run: RunCommand) -> str:
    """The Dockerfile's base by its digest, newly pulled: both images are built from one, and the output names it."""
    found = _BASE_IMAGE.search(DOCKERFILE.read_text())
    if found is None:
        raise CommandError(f"{DOCKERFILE} names no BASE_IMAGE.")
    run([program, "pull", "--quiet", found[1]], "")
    base = run([program, "image", "inspect", "--format", "{{index .RepoDigests 0}}", found[1]], "").strip()
    base = base or found[1]  # an image that no registry has given a digest
    sys.stdout.write(f"Building on {base}\n")
    return base


def _commit(run: RunCommand) -> str:
    """The full commit id. If the working tree is not exactly a commit, print why and return ""."""
    try:
        changed = run(["git", "status", "--porcelain"], "")
        commit = run(["git", "rev-parse", "HEAD"], "").strip()
    except CommandError:
        changed, commit = "", ""
    if commit and not changed:
        return commit
    why = "files differ from the last commit" if commit else "this is not a git repository"
    sys.stdout.write(f"Not tagging the images with a commit: {why}.\n")
    return ""


def _architecture(config: Config, target: str) -> str:
    """Architecture of the machine that runs the image: AWS's GPU machines are x86; the bot's host may be Graviton, or
    somebody's own machine."""
    host = config.deploy.host
    if target == "bot" and host == "none":
        return "arm64" if platform.machine() in ("arm64", "aarch64") else "amd64"
    return "arm64" if target == "bot" and _GRAVITON.match(host) else "amd64"


def _login(ecr: Any) -> tuple[str, str]:
    (granted,) = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
    return user, password


if __name__ == "__main__":
    sys.exit(main())
