"""Containers of the images."""

import subprocess
from collections.abc import Sequence


def podman(*options: str, image: str, command: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a container to its end."""
    words = ["podman", "run", "--rm", "--network=none", *options, image, *command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
