"""What the repository says about itself: its address, its scripts, its requirements, the arguments it takes."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.adapters.git.working_copy import ask, root_of
from bot.errors import BadInput
from bot.init import probe, source
from bot.init.argument import Argument, load

PROBE_SECONDS = 120.0
_SCRIPTS = ("train", "main", "run", "finetune", "pretrain", "run_training", "train_net")
_REQUIREMENTS = ("requirements.txt", "requirements/base.txt", "requirements/train.txt")
_PARSERS = re.compile(rb"add_argument\(|ArgumentParser\(|HfArgumentParser|click\.option|hydra\.main|tyro\.cli")


class Repository:
    """A checkout on this machine."""

    def __init__(self, folder: Path) -> None:
        self.root = root_of(folder)

    def address(self) -> str:
        """The address of `origin` as jobs can fetch it, without credentials; "" without one."""
        return https(ask(self.root, "remote", "get-url", "origin"))

    def branch(self) -> str:
        """The branch that is checked out, or main."""
        return ask(self.root, "symbolic-ref", "--short", "HEAD") or "main"

    def install(self) -> str:
        """The `install` setting: requirements, the repository itself, or nothing."""
        for name in _REQUIREMENTS:
            if (self.root / name).is_file():
                return name
        return "editable" if any((self.root / name).is_file() for name in ("pyproject.toml", "setup.py")) else ""

    def scripts(self) -> list[str]:
        """Those that parse arguments, the likeliest first."""
        listed = ask(self.root, "ls-files", "--cached", "--others", "--exclude-standard", "*.py").splitlines()
        found = [name for name in listed if _parses(self.root / name)]
        return sorted(found, key=_likelihood)

    def arguments(self, command: Sequence[str]) -> tuple[list[Argument], str]:
        """What the command's script takes, and how that was found out."""
        script = self.script_of(command)
        if not source.may_parse(self.root / script, self.root):
            return [], f"in the source of {script}, which names no argparse and so was not run"
        for python in _pythons(self.root):
            if (found := self._asked(python, command)) is not None:
                return found, f"by running {script} up to its argument parser with {python}"
        return source.arguments_in(self.root / script, self.root), f"from the source of {script}, without running it"

    def script_of(self, command: Sequence[str]) -> str:
        """The script of `python train.py`, `torchrun train.py`, `python -m package.train`."""
        for at, word in enumerate(command):
            if word == "-m" and at + 1 < len(command):
                module = Path(*command[at + 1].split("."))
                places = (folder / module for folder in (Path(), Path("src")))
                for path in (each for place in places for each in (place.with_suffix(".py"), place / "__main__.py")):
                    if (self.root / path).is_file():
                        return str(path)
            if word.endswith(".py"):
                if not (self.root / word).is_file():
                    raise BadInput(f"{word} is not in {self.root}. Scripts there: {_some(self.scripts())}")
                return word
        raise BadInput(f"The command has no Python script of {self.root}. Scripts there: {_some(self.scripts())}")

    def _asked(self, python: str, command: Sequence[str]) -> list[Argument] | None:
        """The parser's own answer; None if the script can't be run here or parses nothing."""
        words = ["-m", command[command.index("-m") + 1]] if "-m" in command[:-1] else [self.script_of(command)]
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "arguments.json"
            environment = {**os.environ, probe.TARGET: str(answer), "PYTHONDONTWRITEBYTECODE": "1"}
            try:
                subprocess.run(
                    [python, str(Path(probe.__file__)), *words],
                    cwd=self.root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=PROBE_SECONDS,
                    check=False,
                )
                return load(answer.read_text(encoding="utf-8"))
            except (OSError, subprocess.SubprocessError, ValueError, TypeError):
                return None


def https(address: str) -> str:
    """`git@host:you/code.git` and ssh addresses as https, without user and password."""
    if match := re.fullmatch(r"(?:ssh://)?(?:[^@/]+@)([^:/]+)(?::\d+/|[:/])(.+)", address):
        return f"https://{match[1]}/{match[2]}"
    return re.sub(r"^(https?://)[^@/]+@", r"\1", address)


def _parses(path: Path) -> bool:
    try:
        code = path.read_bytes()
    except OSError:
        return False
    return bool(_PARSERS.search(code)) or (b"__main__" in code and path.stem in _SCRIPTS)


def _likelihood(name: str) -> tuple[int, int, str]:
    path = Path(name)
    rank = next((at for at, word in enumerate(_SCRIPTS) if path.stem == word), None)
    if rank is None:
        rank = 20 if "train" in path.stem else 90 if re.match(r"test|setup|eval|plot|download", path.stem) else 50
    return rank, len(path.parts), name


def _pythons(root: Path) -> list[str]:
    """The repository's own environment first; at last this one, in which simple scripts run, too."""
    own = [str(path) for path in (root / ".venv/bin/python", root / "venv/bin/python") if path.is_file()]
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if active and (Path(active) / "bin/python").is_file():
        own.append(str(Path(active) / "bin/python"))
    return list(dict.fromkeys([*own, *filter(None, [shutil.which("python3"), sys.executable])]))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return (", ".join(names[:8]) or "none that parse arguments") + more
