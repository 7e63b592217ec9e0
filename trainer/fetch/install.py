"""Install what a project asks for, in a layer of its own that is kept where nothing has changed.

A layer is a virtual environment over the image's packages, so what the image has (torch) is not installed
again. Its name is a digest of everything that decides its content.
"""

import fcntl
import hashlib
import os
import shutil
import site
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainer.contract import Env, ExitCode
from trainer.errors import Ended, disk_full
from trainer.process.console import masked
from trainer.process.tools import Output, Programs

EDITABLE = "editable"
_DECIDING = ("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "constraints*.txt")
_READY = "ready"


@dataclass(frozen=True, slots=True)
class Layer:
    """Where it is, and whether it was there already."""

    folder: Path
    kept: bool
    seconds: float

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment in which `python` is this layer's."""
        programs = self.folder / "bin"
        path = os.pathsep.join(filter(None, (str(programs), environment.get("PATH"))))
        return {**environment, "PATH": path, "VIRTUAL_ENV": str(self.folder)}


def install(what: str, code: Path, cache: Path, programs: Programs) -> Layer | None:
    """What `INSTALL` says, for the checkout in `code`; None where that is nothing. Raises `Ended`."""
    if not what:
        return None
    began = time.monotonic()
    folder = cache / "layers" / _name(what, code)
    try:
        with _alone(folder):
            kept = (folder / _READY).exists()
            if not kept:
                _make(what, code, folder, programs)
    except OSError as error:
        raise disk_full(error) or Ended(ExitCode.INSTALL_FAILED, f"Nowhere to install to: {error}") from error
    return Layer(folder, kept, time.monotonic() - began)


def _name(what: str, code: Path) -> str:
    digest = hashlib.sha256(f"{what}\0{sys.version}\0{sys.prefix}".encode())
    patterns: Sequence[str] = _DECIDING if what == EDITABLE else (what, *_DECIDING[-2:])
    for path in sorted({path for pattern in patterns for path in code.glob(pattern)}):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    if what == EDITABLE:
        digest.update(str(code).encode())
    return digest.hexdigest()[:20]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two jobs on one host do not make the same layer at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(what: str, code: Path, folder: Path, programs: Programs) -> None:
    if what != EDITABLE and not (code / what).is_file():
        raise Ended(ExitCode.INSTALL_FAILED, f"The repository has no {what} to install from.")
    shutil.rmtree(folder, ignore_errors=True)
    _must(programs.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", str(folder)]))
    _see_own_packages(folder)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet"]
    wanted = ["--editable", "."] if what == EDITABLE else ["--requirement", what]
    environment = {name: value for name, value in os.environ.items() if name != Env.GIT_TOKEN}
    _must(programs.run([*pip, "--no-input", *wanted], cwd=code, environment=environment))
    (folder / _READY).touch()


def _see_own_packages(folder: Path) -> None:
    """Where this interpreter is a virtual environment itself, the new one would see the system's alone."""
    paths = {"base": str(folder), "platbase": str(folder)}
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    (own / "signalbox.pth").write_text("".join(f"{place}\n" for place in site.getsitepackages()))


def _must(output: Output) -> None:
    if not output.code:
        return
    if "No space left on device" in output.stderr:
        raise Ended(ExitCode.DISK_FULL, "The disk is full: what the project asks for could not be installed.")
    lines = [line.strip() for line in output.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith(("ERROR:", "error:"))]
    said = (errors or lines or [f"pip ended with {output.code}"])[0]
    raise Ended(ExitCode.INSTALL_FAILED, f"What the project asks for could not be installed: {masked(said)}")
