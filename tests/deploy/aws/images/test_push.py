from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.aws import push
from deploy.aws.push import CommandError, Image
from tests.deploy.aws.template import config

DIGEST = "docker.io/library/python@sha256:" + "a" * 64


class Shell:
    """Records commands; the digest is the answer to `image inspect`."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str], stdin: str) -> str:
        assert stdin == ""
        self.commands.append(list(command))
        return f"{DIGEST}\n" if "inspect" in command else ""


def test_the_base_is_pulled_and_named_by_its_digest(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    assert push._base("podman", shell) == DIGEST
    pulled, inspected = shell.commands
    assert pulled[:2] == ["podman", "pull"]
    assert inspected[-1] == pulled[-1] == "docker.io/library/python:3.11-slim-bookworm"
    assert capsys.readouterr().out == f"Building on {DIGEST}\n"


def test_a_dockerfile_without_a_base_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "DOCKERFILE", push.DOCKERFILE.with_name("constraints.txt"))
    with pytest.raises(CommandError, match=r"constraints\.txt names no BASE_IMAGE"):
        push._base("podman", Shell())


def test_arguments_of_a_build() -> None:
    image = Image("bot", "1f0c9ab2d3e4f5a6", "arm64")
    command = image.build(Path("id"), f"BASE_IMAGE={DIGEST}")
    assert command[command.index("--target") + 1] == "bot"
    assert f"BASE_IMAGE={DIGEST}" in command
    assert command[command.index("--iidfile") + 1] == "id"


@pytest.mark.parametrize("image_id", ["sha256:" + "c" * 64, "c" * 64], ids=["docker", "podman"])
def test_a_tag_has_commit_and_content(image_id: str) -> None:
    assert Image("bot", "1f0c9ab2d3e4f5a6", "amd64").tag(image_id) == "bot-1f0c9ab2d3e4-cccccccccccc"
    assert Image("trainer", "", "amd64").tag(image_id) == "trainer-uncommitted-cccccccccccc"


@pytest.mark.parametrize(
    ("host", "machine"),
    [("t4g.small", "arm64"), ("t3.micro", "amd64"), ("c7gn.large", "arm64"), ("g5.xlarge", "amd64")],
)
def test_bot_image_fits_the_hosts_architecture(host: str, machine: str) -> None:
    assert push._architecture(config(host=host), "bot") == machine
    assert push._architecture(config(host=host), "trainer") == "amd64"
