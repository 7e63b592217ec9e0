import subprocess
import zipfile
from pathlib import Path

import pytest

from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch.install import Layer, install
from trainer.fetch.install_key import EDITABLE
from trainer.process.tools import Programs

pytestmark = pytest.mark.slow

WHEEL = "tiny_net-1.0-py3-none-any.whl"
ASK = "import tiny_net, torch; print(tiny_net.__file__, tiny_net.DEPTH)"


def checkout(folder: Path) -> Path:
    """One that includes a package as a wheel, so nothing comes from the network."""
    folder.mkdir()
    info = "tiny_net-1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("tiny_net.py", "DEPTH = 3\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny_net\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    (folder / "requirements.txt").write_text(f"./{WHEEL}\ntorch\n")
    return folder


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return checkout(tmp_path / "code")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose requirements have their layer."""
    code = checkout(tmp_path_factory.mktemp("known") / "code")
    assert not installed("requirements.txt", code).reused
    return code


def installed(requirements: str, code: Path) -> Layer:
    layer = install(requirements, code, code.parent / "cache", Programs())
    assert layer is not None
    return layer


def run_in(layer: Layer, code: Path) -> str:
    environment = layer.environment({"PATH": "/usr/bin:/bin"})
    done = subprocess.run(["python", "-c", ASK], env=environment, cwd=code, capture_output=True, text=True, check=True)
    return done.stdout


def test_empty_install_setting_installs_nothing(code: Path) -> None:
    assert install("", code, code.parent / "cache", Programs()) is None


def test_layer_has_the_requirements_and_the_images_packages(known: Path) -> None:
    layer = installed("requirements.txt", known)
    assert run_in(layer, known) == f"{next(layer.folder.glob('lib/python*/site-packages'))}/tiny_net.py 3\n"
    assert not list(layer.folder.glob("lib/python*/site-packages/torch")), "the image's own torch is used"


def test_unchanged_requirements_reuse_the_layer(known: Path) -> None:
    first = installed("requirements.txt", known)
    second = installed("requirements.txt", known)
    assert first.reused
    assert second.reused
    assert second.folder == first.folder


def test_changed_requirements_get_another_layer(known: Path) -> None:
    first = installed("requirements.txt", known)
    requirements = known / "requirements.txt"
    before = requirements.read_text()
    requirements.write_text(f"./{WHEEL}\n# once more\n")
    second = installed("requirements.txt", known)
    requirements.write_text(before)
    assert not second.reused
    assert second.folder != first.folder


def test_unfinished_layer_is_created_again(known: Path) -> None:
    first = installed("requirements.txt", known)
    (first.folder / "ready").unlink()
    assert not installed("requirements.txt", known).reused


def test_checkout_itself_can_be_installed(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # means no isolation: nothing comes from the network here
    (code / "tiny_net.py").write_text("DEPTH = 5\n")
    (code / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "tiny_net"\nversion = "2.0"\n[tool.setuptools]\npy-modules = ["tiny_net"]\n'
    )
    layer = installed(EDITABLE, code)
    assert run_in(layer, code.parent) == f"{code}/tiny_net.py 5\n"
    assert installed(EDITABLE, code).reused


@pytest.mark.parametrize(
    ("requirements", "content", "words"),
    [
        ("requirements.txt", "./nothing-1.0-py3-none-any.whl\n", "nothing-1.0"),
        ("requirements.txt", "this is no requirement\n", "Invalid requirement"),
        ("other.txt", "", "INSTALL names other.txt, but the repository has no such file"),
        (EDITABLE, "", "does not appear to be a Python project"),
    ],
)
def test_failed_installation_gives_the_reason(code: Path, requirements: str, content: str, words: str) -> None:
    (code / "requirements.txt").write_text(content)
    with pytest.raises(Ended, match=words) as caught:
        installed(requirements, code)
    assert caught.value.trouble.code is ExitCode.INSTALL_FAILED


def test_full_disk_is_reported(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/layers")

    monkeypatch.setattr("trainer.fetch.install.shutil.rmtree", full)
    with pytest.raises(Ended, match="The disk is full at /layers") as caught:
        installed("requirements.txt", code)
    assert caught.value.trouble.code is ExitCode.DISK_FULL
