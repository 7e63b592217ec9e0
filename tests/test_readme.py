"""What the README names exists, besides what tests/test_docs.py checks: commands of the bot, benchmarks, versions."""

import re
from pathlib import Path

from typer.testing import CliRunner

from bench.__main__ import BENCHMARKS
from bot.__main__ import app
from bot.chat.commands import all_commands
from bot.config import loading

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_table_of_commands_is_that_of_the_bot() -> None:
    said = re.findall(r"^\| `/(\w+)` \|", README, flags=re.M)
    registered = [
        command.name for command in all_commands(loading.projects(loading.load(ROOT / "config.example.toml")))
    ]
    assert sorted(said) == sorted(registered)


def test_the_first_two_commands_are_demo_and_test() -> None:
    commands = re.findall(r"^```\n(make \w+)", README, flags=re.M)
    assert commands[0] == "make demo"
    assert "make test" in commands


def test_the_benchmarks_exist() -> None:
    named = set(re.findall(r"`python -m bench (\w+)`", README))
    assert named
    assert named <= set(BENCHMARKS)


def test_the_bots_command_line_is_as_the_readme_says() -> None:
    named = set(re.findall(r"^signalbox (\w+)", README, flags=re.M))
    assert named == {"doctor", "run"}
    for command in named:
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "--config" in result.output


def test_make_help_names_every_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.M)) - {"help", "setup", "clean"}
    helped = set(re.findall(r'echo "make ([a-z-]+)', MAKEFILE))
    assert targets == helped


def test_the_changelog_has_an_unreleased_section() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_every_pinned_version_is_exact_and_without_an_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().split("\n")
    wrong = [line for line in lines if line and not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line)]
    assert not wrong
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in lines if line}
    text = (ROOT / "pyproject.toml").read_text()
    declared = re.findall(r'^\s+"([A-Za-z0-9._-]+)(?:\[\w+\])?",?$', text.split("[project.scripts]")[0], flags=re.M)
    declared += re.findall(
        r'"([a-z0-9._-]+)(?:\[\w+\])?"', "".join(re.findall(r"^(?:trainer|sandbox) = .*$", text, re.M))
    )
    assert {name.lower().replace("_", "-") for name in declared} - pinned - {"signalbox-bot"} == set()
