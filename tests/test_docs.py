"""What the documents name exists: links, files, commands with their options, settings, make targets, causes, sums."""

import configparser
import importlib
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import discord
import pytest
import typer
import yaml
from pydantic import BaseModel

from bot.__main__ import app
from bot.adapters.aws.wait_reasons import CAUSES
from bot.chat.permissions import NEEDED
from bot.config.bot import Bot
from bot.config.deploy import Deploy
from bot.config.loading import Config
from bot.domain.model.states import EndReason
from bot.domain.money.last_resort import ON_DEMAND_USD, dearest
from bot.domain.texts.endings import ENDINGS

ROOT = Path(__file__).parent.parent
HOST = ROOT / "deploy" / "host"
GUIDES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("README.md", "docs/*.md", "deploy/*/README.md")
    for path in ROOT.glob(pattern)
)
PAGES = [*GUIDES, "ARCHITECTURE.md", "CHANGELOG.md"]
TEXTS = {name: (ROOT / name).read_text() for name in PAGES}
PATH = re.compile(r"(?<![\w./<>:-])(?:[\w.-]+/)+[\w.*{},-]*")
"""Something with a slash in it that may be a file or a folder of this repository."""
IGNORED = ("../", ".venv/", "sandbox-out/", "build/", "var/")
"""Outside the repository, or made by commands."""
SUBJECTS = re.compile(r'(?:subject|_SUBJECT|_RULE) = f?"([^"{]+)|Check\(f?"([^"{]+)')
PRODUCT = re.compile(r"([\d,]+)(?: \w+)? \N{MULTIPLICATION SIGN} ([\d.]+)(?: / ([\d,]+))?")


def _headings(text: str) -> set[str]:
    """As GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_what_is_linked_is_there(page: str) -> None:
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", TEXTS[page]):
        target = (ROOT / page).parent / link if link else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in _headings(target.read_text()), f"{link}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    named = _paths(TEXTS[page], (ROOT / page).parent)
    missing = [path for path in named if not any(_found(path, (ROOT / page).parent, ROOT))]
    assert not missing


def test_a_file_that_is_not_there_would_be_found() -> None:
    text = "`deploy/aws/gone.py`, docs/costs.md and `pytest tests/test_{docs,gone}.py`; jobs/gone is in a bucket"
    named = _paths(text, ROOT)
    assert named == ["deploy/aws/gone.py", "docs/costs.md", "tests/test_docs.py", "tests/test_gone.py"]
    assert [any(_found(path, ROOT)) for path in named] == [False, True, True, False]


def _paths(text: str, folder: Path) -> list[str]:
    """Paths whose first folder is one of the repository's or lies beside the page, `{a,b}` spelled out."""
    words = [word.rstrip(".,") for word in PATH.findall(re.sub(r"https?://\S+", "", text))]
    ours = [word for word in words if any((place / word.split("/")[0]).is_dir() for place in (folder, ROOT))]
    return [path for word in ours if not word.startswith(IGNORED) for path in _spelled_out(word)]


def _spelled_out(path: str) -> list[str]:
    if not (braces := re.search(r"\{([^}]*)\}", path)):
        return [path]
    return [path.replace(braces[0], each) for each in braces[1].split(",")]


def _found(path: str, *folders: Path) -> Iterator[bool]:
    for folder in folders:
        yield any(folder.glob(path.rstrip("/")))


def _commands(program: str) -> Iterator[tuple[str, str]]:
    """Page and the words behind the program, in blocks and in the text."""
    for page, text in TEXTS.items():
        for match in re.finditer(rf"(?:^ *|`){program}((?: [^\s`\"\\]+)+)", text, flags=re.M):
            yield page, match[1].strip()


@pytest.mark.parametrize(("page", "words"), sorted(set(_commands("signalbox"))))
def test_the_bots_commands_exist_with_their_options(page: str, words: str) -> None:
    command, rest = _root(), words.split()
    while hasattr(command, "commands"):
        assert rest, f"{page}: signalbox {words} is no whole command"
        assert rest[0] in command.commands, f"{page}: signalbox {words}"
        command = command.commands[rest.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options, f"{page}: signalbox {words}"


def _root() -> Any:
    """The tree of commands: groups have `commands`, the others `params`."""
    return typer.main.get_command(app)


def test_every_command_of_the_bot_is_told() -> None:
    told = {words.split(maxsplit=1)[0] for _, words in _commands("signalbox")}
    assert told >= set(_root().commands)


@pytest.mark.parametrize(("page", "words"), sorted(set(_commands("python -m"))))
def test_modules_that_are_run_exist_with_their_options(
    page: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module, *rest = words.split()
    assert find_spec(module) is not None, f"{page}: {module}"
    if module not in ("deploy.aws.up", "deploy.aws.push", "deploy.aws.regions"):
        return
    with pytest.raises(SystemExit):
        importlib.import_module(module).main(["--help"])
    shown = capsys.readouterr().out
    assert all(word in shown for word in rest if word.startswith("--")), f"{page}: {words}"


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = set(re.findall(r"(?:^ *|`)make ([a-z-]+)", TEXTS[page], flags=re.M))
    assert named <= targets, named - targets


def _settings() -> list[tuple[str, str]]:
    sections = "|".join(Config.model_fields)
    found = {(page, key) for page in GUIDES for key in re.findall(rf"`((?:{sections})\.[\w.<>]+)", TEXTS[page])}
    return sorted((page, key) for page, key in found if not key.endswith((".toml", ".py")))


@pytest.mark.parametrize(("page", "key"), _settings())
def test_settings_that_are_named_exist(page: str, key: str) -> None:
    model: Any = Config
    for part in key.split("."):
        if isinstance(model, type) and issubclass(model, BaseModel):
            assert part in model.model_fields, f"{page}: {key}"
            model = model.model_fields[part].annotation
        else:
            model = get_args(model)[1]  # of dict[name, section]
            model = next((each for each in (model, *get_args(model)) if isinstance(each, type)), model)


def test_getting_started_has_ten_steps_with_their_costs() -> None:
    steps = re.findall(r"^## (\d+)\. .+ \(.+\)$", TEXTS["docs/getting-started.md"], flags=re.M)
    assert steps == [str(number) for number in range(1, 11)]


def test_the_invitation_asks_for_what_the_bot_needs() -> None:
    (asked,) = re.findall(r"permissions=(\d+)", TEXTS["docs/getting-started.md"])
    assert int(asked) == discord.Permissions(**dict.fromkeys(NEEDED, True)).value


@pytest.mark.parametrize("beginning", [beginning for beginning, _ in CAUSES])
def test_each_cause_of_waiting_is_explained(beginning: str) -> None:
    assert f"| `{beginning}` |" in TEXTS["docs/troubleshooting.md"]


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason is not EndReason.SUCCEEDED])
def test_each_ending_is_explained(reason: EndReason) -> None:
    sentence = ENDINGS[reason].sentence.replace("{engine}", "AWS Batch")
    beginning = re.split(r"\{|,|: AWS Batch no longer", sentence)[0].strip().removesuffix(" of").removesuffix(" after")
    assert f"| `{beginning}" in TEXTS["docs/troubleshooting.md"], beginning


def test_each_check_of_the_doctor_is_explained() -> None:
    sources = [*(ROOT / "bot/adapters/aws/probe").glob("*.py"), ROOT / "bot/chat/discord_probe.py"]
    sources.append(ROOT / "bot/services/running/doctor.py")
    subjects = {(a or b).strip() for path in sources for a, b in SUBJECTS.findall(path.read_text())}
    assert len(subjects) >= 14
    table = TEXTS["docs/troubleshooting.md"].split("## What the doctor says", 1)[1].split("\n## ", 1)[0]
    missing = [
        name for name in subjects if not re.search(rf"[|,] {name.removesuffix(' of').removesuffix(' for')}", table)
    ]
    assert not missing


# ---- costs -----------------------------------------------------------------------------------------------
def _tables() -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.+\|\n)+", TEXTS["docs/costs.md"], flags=re.M)
    rows = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]] for block in blocks
    ]
    assert len(rows) == 3
    return rows


def test_each_price_is_the_product_that_stands_beside_it() -> None:
    for row in (row for table in _tables() for row in table if PRODUCT.search(row[1])):
        products = [
            Decimal(count.replace(",", "")) * Decimal(price) / Decimal((divisor or "1").replace(",", ""))
            for count, price, divisor in PRODUCT.findall(row[1])
        ]
        for cell, product in zip(row[2:], products * (len(row) - 2), strict=False):
            said = Decimal(cell)
            assert said == product.quantize(said, ROUND_HALF_UP), row


def test_each_sum_is_that_of_the_lines_above() -> None:
    idle, machine, job = _tables()
    sums = [_summed(table, column) for table, column in ((idle, 2), (machine, 2), (machine, 3), (job, 2))]
    assert sums[0] == Decimal(idle[-1][2].strip("*"))
    assert sums[3] == Decimal(job[-1][2].strip("*"))
    for column in (2, 3):
        alone, together = (Decimal(row[column].strip("*")) for row in machine[-2:])
        assert (alone, together) == (sums[column - 1], sums[column - 1] + sums[0])


def _summed(table: list[list[str]], column: int) -> Decimal:
    return sum((Decimal(row[column]) for row in table if not row[column].startswith("**")), Decimal(0))


# ---- where the bot runs ----------------------------------------------------------------------------------
def test_the_unit_runs_the_bot_where_the_page_puts_it() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((HOST / "signalbox.service").read_text())
    assert unit.sections() == ["Unit", "Service", "Install"]
    program, command, *options = unit["Service"]["ExecStart"].split()
    assert command in _root().commands
    assert program == "/opt/signalbox/.venv/bin/signalbox"
    page = TEXTS["docs/running-elsewhere.md"]
    for path in (program.removesuffix("/bin/signalbox"), options[-1], unit["Service"]["EnvironmentFile"]):
        assert path in page
    assert unit["Service"]["WorkingDirectory"] == f"/var/lib/{unit['Service']['StateDirectory']}"


def test_compose_builds_the_bots_image_and_looks_at_its_health() -> None:
    compose = yaml.safe_load((HOST / "compose.yaml").read_text())
    bot = compose["services"]["bot"]
    dockerfile = (HOST / bot["build"]["context"] / "Dockerfile").read_text()
    stage = dockerfile.split(f" AS {bot['build']['target']}\n", 1)[1]
    assert f":{Bot().http_port}/healthz" in bot["healthcheck"]["test"][-1]
    config, data = (volume.split(":") for volume in bot["volumes"])
    assert config[1] in stage
    assert data[0] in compose["volumes"]
    home = re.findall(r"^WORKDIR (.+)$", stage, flags=re.M)[-1]
    assert data[1] == f"{home}/{Bot().data_dir}"
    assert f"RUN mkdir {Bot().data_dir}\n" in stage
    assert f"--volume signalbox-data:{data[1]}" in TEXTS["docs/running-elsewhere.md"]


def test_prices_are_those_of_the_most_expensive_machine() -> None:
    """Of each queue of the stack, in the example and the pages."""
    gpu, cpu = dearest(Deploy().spot_instances), dearest(Deploy().cpu_instances)
    assert gpu
    assert cpu
    assert f"# usd_per_hour = {gpu[1]} " in (ROOT / "config.example.toml").read_text()
    *_, job = _tables()
    assert job[0][0] == f"A {gpu[0]}, on demand"
    at_most = Decimal(job[-1][2].strip("*")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert f"(at most {at_most} USD an hour while a job runs" in TEXTS["docs/getting-started.md"]
    for name in (*Deploy().spot_instances, cpu[0]):
        assert f"{name} ({ON_DEMAND_USD[name]}" in TEXTS["docs/costs.md"]
