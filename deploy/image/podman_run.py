"""Run a command in a real container of an image, in place of the image's ENTRYPOINT.

    python -m deploy.image.podman_run IMAGE COMMAND…

For the AWS stand-in, whose jobs are processes: podman passes the environment and the signals on to the container,
and exits with the container's exit code.
"""

import os
import sys

_HERE_ONLY = frozenset({"PATH", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "CONTAINERS_CONF", "PWD"})


def arguments(image: str, command: list[str], environment: dict[str, str]) -> list[str]:
    """podman's command line. It names variables without their values, so that no value shows in a process list."""
    names = [f"--env={name}" for name in sorted(environment) if name not in _HERE_ONLY]
    return ["podman", "run", "--rm", "--network=host", *names, image, *command]


def main() -> None:
    image, *command = sys.argv[1:]
    os.execvp("podman", arguments(image, command, dict(os.environ)))  # noqa: S606


if __name__ == "__main__":
    main()
