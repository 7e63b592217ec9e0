"""`[projects.<name>.machines.<machine>]`."""

from pathlib import Path

import pytest

from bot.app import check_projects
from bot.config import loading
from bot.config.projects.machine import MachineSettings
from bot.domain.money.machine import Machine, Resources
from bot.errors import ConfigError
from deploy.aws.parameters import used_queues
from tests.support.jobs import make_job
from tests.support.rows import changed

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
PROJECT = """
[discord]
guild_id = 1098765432109876543
[aws]
region = "us-east-1"
[projects.mnist]
repository = "https://example.org/mnist.git"
command = ["python", "train.py"]
queue = "q"
job_definition = "d"
bucket = "b"
"""
BIG = '[projects.mnist.machines.big]\nqueue = "gpu-large"\n'


def loaded(tmp_path: Path, text: str) -> loading.Config:
    path = tmp_path / "config.toml"
    path.write_text(PROJECT + text)
    return loading.load(path)


def test_a_machine_has_a_queue_and_resources(tmp_path: Path) -> None:
    resources = "vcpus = 8\nmemory_gib = 30.5\ngpus = 2"
    config = loaded(tmp_path, f"{BIG}{resources}\nusd_per_hour = 4.5\ndescription = 'two GPUs'")
    (project,) = loading.projects(config)
    assert project.machines == (Machine("big", "gpu-large", Resources(8, 31_232, 2), 4.5, "two GPUs"),)
    assert project.queues == {"q", "gpu-large"}


def test_the_example_explains_every_setting(tmp_path: Path) -> None:
    section = EXAMPLE.read_text().split("# [projects.mnist.machines.big]")[1].split("\n[")[0]
    lines = [line.removeprefix("# ") for line in section.splitlines()[1:]]
    config = loaded(tmp_path, "\n".join(["[projects.mnist.machines.big]", *lines]))
    found = config.projects["mnist"].machines["big"]
    assert found.model_fields_set == MachineSettings.model_fields.keys()
    assert used_queues(config) == {"spot", "on-demand"}


def test_without_machines_all_is_as_before(tmp_path: Path) -> None:
    parameter = '[projects.mnist.parameters.machine]\ntype = "string"\ndefault = "a"'
    (project,) = loading.projects(loaded(tmp_path, parameter))
    assert (project.machines, project.queues, project.placed) == ((), {"q"}, (project,))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[projects.mnist.machines.default]\nqueue = "x"', "is the project's own queue"),
        ('[projects.mnist.machines."Big One"]\nqueue = "x"', "is not a name"),
        ("[projects.mnist.machines.big]\nvcpus = 4", "queue"),
        (f"{BIG}gpus = 0", "gpus"),
        (f"{BIG}memory_gib = -1", "memory_gib"),
        (f"{BIG}memory_gib = nan", "memory_gib"),
        (f"{BIG}usd_per_hour = -1", "usd_per_hour"),
        (f"{BIG}cores = 4", "cores"),
        (f'{BIG}[projects.mnist.parameters.machine]\ntype = "string"\ndefault = "a"', 'parameter name "machine"'),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        loaded(tmp_path, text)


def test_a_machine_with_unfinished_jobs_cannot_leave_the_config(tmp_path: Path) -> None:
    job = changed(make_job(), machine="big")
    check_projects([job], loaded(tmp_path, BIG))
    with pytest.raises(ConfigError, match=r"projects\.mnist\.machines\.big: missing"):
        check_projects([job], loaded(tmp_path, ""))
