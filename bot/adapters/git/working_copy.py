"""Questions to git about a repository that somebody works in."""

import subprocess
from pathlib import Path

from bot.errors import BadInput


def ask(folder: Path, *words: str) -> str:
    """git's output, names as they are written; "" if it refuses. Raises BadInput if git can't be run in the folder."""
    try:
        command = ["git", "-c", "core.quotePath=false", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BadInput(f"git can't be run in {folder}: {error.strerror}") from error
    return done.stdout.rstrip() if done.returncode == 0 else ""


def root_of(folder: Path) -> Path:
    """The repository that the folder is in. Raises BadInput if it is in none."""
    top = ask(folder, "rev-parse", "--show-toplevel")
    if not top:
        raise BadInput(f"{folder} is no git repository. Run this in your training repository, or name it: --folder")
    return Path(top)
