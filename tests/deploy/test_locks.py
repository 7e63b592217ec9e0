"""What the images install is pinned by hash, at the versions that are tested."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("bot", "trainer")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.M)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    return {normal(name): version for name, version, _ in _PIN.findall(text)}


def constrained() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines if "==" in line)}


def wanted(target: str) -> set[str]:
    if target == "bot":
        return set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    return set((ROOT / "deploy/image/trainer.in").read_text().split("\n", 1)[1].split())


@pytest.mark.parametrize("target", LOCKS)
def test_a_lock_file_has_every_dependency_with_hashes(target: str) -> None:
    text = (ROOT / f"deploy/image/{target}.lock").read_text()
    found = pins(text)
    assert len(found) == len(re.findall(r"^\S.*==", text, re.M)), "an entry without hashes"
    assert not {normal(name) for name in wanted(target)} - found.keys(), "run make lock"


@pytest.mark.parametrize("target", LOCKS)
def test_a_lock_file_has_the_versions_that_are_tested(target: str) -> None:
    found, versions = pins((ROOT / f"deploy/image/{target}.lock").read_text()), constrained()
    assert {name: version for name, version in found.items() if versions.get(name, version) != version} == {}


def test_the_images_install_from_lock_files_alone() -> None:
    installs = re.findall(r"^RUN pip install (.+)$", (ROOT / "Dockerfile").read_text(), re.M)
    hashed = [line for line in installs if "--require-hashes" in line and "--no-deps" in line]
    (torch,) = [line for line in installs if line not in hashed]
    assert len(hashed) == len(LOCKS)
    assert "'^torch==' constraints.txt" in torch
