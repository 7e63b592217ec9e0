"""`python -m deploy.aws.push`: build the images, push them to the stack's repository, and let the stack run them.

Each gets a tag of its own that never moves, of its commit and its content. The stack names the image by its digest, as
the registry has it. Uses docker, or podman if there is no docker. `--torch-index` chooses the trainer's PyTorch: see
the Dockerfile.
"""

import argparse
import base64
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws import images
from deploy.aws.changes import say
from deploy.aws.cloudformation import ClientOf, StackError, clients, described_stack, outputs
from deploy.aws.images import TARGETS
from deploy.aws.old_images import delete_unused
from deploy.aws.outputs import Output

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
_BASE_IMAGE = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.M)
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
RunCommand = Callable[[Sequence[str], str], str]
"""Runs a command with a standard input and returns its output. Raises CommandError."""


class CommandError(Exception):
    """A command is not installed, or it failed; the message names it."""


@dataclass(frozen=True, slots=True)
class Image:
    """`commit` is "" if it is unknown, or if the working tree differs from it."""

    target: str
    commit: str
    architecture: str

    def tag(self, image_id: str) -> str:
        """Its only tag. The id is a hash of the content."""
        return f"{self.target}-{self.commit[:12] or 'uncommitted'}-{image_id.removeprefix('sha256:')[:12]}"

    def build(self, id_file: Path, *arguments: str) -> list[str]:
        """Arguments for `docker`; `arguments` are further build arguments."""
        revision = f"REVISION={self.commit or 'unknown'}"
        build_args = [part for argument in (revision, *arguments) for part in ("--build-arg", argument)]
        platform = f"linux/{self.architecture}"
        written = ("--iidfile", str(id_file))
        return ["build", "--target", self.target, "--platform", platform, *build_args, *written, "."]


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
    """Build and push the images, then let the stack run them. Raises CommandError, StackError and botocore's errors."""
    program = next((name for name in ("docker", "podman") if shutil.which(name)), "")
    if not program:
        raise CommandError("Building the images needs docker or podman. Install one of them.")
    client = clients(config)
    described = described_stack(client("cloudformation"), config.deploy.stack)
    images.check(described)
    repository = outputs(described)[Output.REPOSITORY_URI]
    user, password = _login(client("ecr"))
    registry = repository.partition("/")[0]
    run([program, "login", "--username", user, "--password-stdin", registry], password)
    commit = _commit(run)
    base = _base(program, run)
    digests = {}
    for target in targets:
        image = Image(target, commit, _architecture(config, target))
        extra = [f"TORCH_INDEX={torch_index}"] if torch_index and target == "trainer" else []
        image_id = _build(program, image, [f"BASE_IMAGE={base}", *extra], run)
        digests[target] = _pushed(program, client("ecr"), repository, image.tag(image_id), image_id, run)
    images.run(client, config.deploy.stack, digests)
    for target, digest in digests.items():
        say(f"The stack runs {repository}@{digest} as its {target}.")
    _tidy(client, config.deploy.stack, repository)


def _build(program: str, image: Image, arguments: Sequence[str], run: RunCommand) -> str:
    """Build it; its id."""
    with tempfile.TemporaryDirectory() as folder:
        id_file = Path(folder, "id")
        run([program, *image.build(id_file, *arguments)], "")
        return id_file.read_text().strip()


def _pushed(program: str, ecr: Any, repository: str, tag: str, image_id: str, run: RunCommand) -> str:
    """Push it, unless the registry has it; its digest there. A repository with immutable tags takes each tag once, even
    for the same image: https://github.com/aws/containers-roadmap/issues/2380. Raises CommandError."""
    name = f"{repository}:{tag}"
    registered = repository.partition("/")[2]
    if digest := images.digest_of(ecr, registered, tag):
        _check_same(ecr, registered, tag, digest, image_id)
        say(f"{name} is already there")
        return digest
    run([program, "tag", image_id, name], "")
    run([program, "push", name], "")
    say(f"Pushed {name}")
    return images.digest_of(ecr, registered, tag)


def _check_same(ecr: Any, repository: str, tag: str, digest: str, image_id: str) -> None:
    """Somebody else may have pushed another image under this tag. The id is the digest of the image's config, or with
    docker's containerd store of its manifest: https://github.com/opencontainers/image-spec/blob/main/config.md#imageid"""
    (found,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
    config = json.loads(found["imageManifest"]).get("config", {}).get("digest", "")
    if image_id.removeprefix("sha256:") not in (digest.removeprefix("sha256:"), config.removeprefix("sha256:")):
        raise CommandError(
            f"{repository} has another image under the tag {tag} than the one that was built here, so it was not "
            f"deployed. Find out who pushed {digest}, delete it there and run this again."
        )


def _tidy(client: ClientOf, stack: str, repository: str) -> None:
    made = outputs(described_stack(client("cloudformation"), stack))
    try:
        deleted = delete_unused(client, made, repository)
    except ClientError as error:
        say(f"Old images stay in the repository, where they cost a little: {error}")
        return
    if deleted:
        say(f"Deleted {deleted} old images that nothing runs.")


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
    say(f"Building on {base}")
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
    say(f"Not tagging the images with a commit: {why}.")
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
