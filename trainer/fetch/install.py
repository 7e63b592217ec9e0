"""Install a project's requirements in a layer, which is reused until they change.

A layer is a virtual environment on top of the image's packages, so packages of the image (torch) are not installed
again. Its name is a digest of everything that its content depends on.
"""

import fcntl
import os
import shutil
import site
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainer.contract import ExitCode
from trainer.errors import Ended, disk_full
from trainer.fetch.install_key import EDITABLE, layer_key
from trainer.process.console import masked
from trainer.process.tools import Output, Programs

_READY = "ready"


@dataclass(frozen=True, slots=True)
class Layer:
    """`reused`: it was installed by an earlier job."""

    folder: Path
    reused: bool
    seconds: float

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment in which `python` is this layer's."""
        programs = self.folder / "bin"
        path = os.pathsep.join(filter(None, (str(programs), environment.get("PATH"))))
        return {**environment, "PATH": path, "VIRTUAL_ENV": str(self.folder)}


def install(requirements: str, code: Path, cache: Path, programs: Programs) -> Layer | None:
    """Install what `INSTALL` names, for the checkout in `code`. None if it is empty. Raises `Ended`."""
    if not requirements:
        return None
    began = time.monotonic()
    folder = cache / "layers" / layer_key(requirements, code)
    try:
        with _locked(folder):
            reused = (folder / _READY).exists()
            if not reused:
                _create(requirements, code, folder, programs)
    except OSError as error:
        message = f"Can't create the install folder in CACHE_DIR: {error}"
        raise disk_full(error) or Ended(ExitCode.INSTALL_FAILED, message) from error
    return Layer(folder, reused, time.monotonic() - began)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock a layer, so that two jobs on one host don't create it at the same time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create(requirements: str, code: Path, folder: Path, programs: Programs) -> None:
    if requirements != EDITABLE and not (code / requirements).is_file():
        raise Ended(ExitCode.INSTALL_FAILED, f"INSTALL names {requirements}, but the repository has no such file.")
    shutil.rmtree(folder, ignore_errors=True)
    _check(programs.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", str(folder)]))
    _include_own_packages(folder)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet"]
    wanted = ["--editable", "."] if requirements == EDITABLE else ["--requirement", requirements]
    _check(programs.run([*pip, "--no-input", *wanted], cwd=code))
    (folder / _READY).touch()


def _include_own_packages(folder: Path) -> None:
    """Add this interpreter's packages: if it is a virtual environment itself, the new one sees only the system's."""
    paths = {"base": str(folder), "platbase": str(folder)}
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    (own / "signalbox.pth").write_text("".join(f"{place}\n" for place in site.getsitepackages()))


def _check(output: Output) -> None:
    if not output.code:
        return
    if "No space left on device" in output.stderr:
        raise Ended(ExitCode.DISK_FULL, "The disk is full, so the project's requirements can't be installed.")
    lines = [line.strip() for line in output.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith(("ERROR:", "error:"))]
    reason = (errors or lines or [f"pip ended with {output.code}"])[0]
    raise Ended(ExitCode.INSTALL_FAILED, f"Can't install the project's requirements: {masked(reason)}")
