"""Stands for the ENTRYPOINT of an image: the same command, in a real container of that image.

    python -m deploy.image.podman_run IMAGE COMMAND…

For the AWS stand-in, whose jobs are processes: this one hands its environment and its signals on to a container,
and ends with the container's exit code.
"""

import os
import sys

_HERE_ONLY = frozenset({"PATH", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "CONTAINERS_CONF", "PWD"})


def arguments(image: str, command: list[str], environment: dict[str, str]) -> list[str]:
    """podman's command line. Values stay in the environment, so that none is seen in a list of processes."""
    names = [f"--env={name}" for name in sorted(environment) if name not in _HERE_ONLY]
    folders = [f"--volume={folder}" for folder in environment.get("SIGNALBOX_IMAGE_VOLUMES", "").split() if folder]
    return ["podman", "run", "--rm", "--network=host", *names, *folders, image, *command]


def main() -> None:
    image, *command = sys.argv[1:]
    os.execvp("podman", arguments(image, command, dict(os.environ)))  # noqa: S606


if __name__ == "__main__":
    main()
