"""config.toml: the example is whole and true, and every mistake is said at once."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bot.adapters.git.git_limits import GitLimits
from bot.config import loading
from bot.config.aws import Aws
from bot.config.bot import Bot
from bot.config.caps import CapSettings
from bot.config.deploy import Deploy, JobResources
from bot.config.discord import Discord
from bot.config.git import Git
from bot.config.grants import GrantSettings
from bot.config.limits import Limits
from bot.config.pace import Pace
from bot.config.projects.parameter import RESERVED_OPTIONS, ParameterSettings
from bot.config.projects.project import ProjectSettings
from bot.domain.parameters import Kind
from bot.errors import ConfigError

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"

SECTIONS: dict[str, type[BaseModel]] = {
    "discord": Discord,
    "aws": Aws,
    "bot": Bot,
    "pace": Pace,
    "caps": CapSettings,
    "limits": Limits,
    "git": Git,
    "deploy": Deploy,
    "grants": GrantSettings,
    "deploy.jobs.mnist": JobResources,
    "projects.mnist": ProjectSettings,
}


def _section(name: str) -> str:
    """The example's lines of one section."""
    rest = EXAMPLE.read_text().split(f"[{name}]", 1)[1]
    return re.split(r"^# ?\[|^\[", rest, maxsplit=1, flags=re.M)[0]


def _with(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = EXAMPLE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def _problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loading.load(path)
    return caught.value.problems


def test_the_example_is_valid() -> None:
    (project,) = loading.projects(loading.load(EXAMPLE))
    assert [p.name for p in project.parameters] == ["lr", "momentum", "epochs", "optimizer"]
    assert project.parameters[3].kind is Kind.CHOICE
    assert project.prefix(project.output_uri, "k7q2mx") == "s3://your-signalbox-artifacts/jobs/mnist/k7q2mx/"
    assert project.timeout_seconds == 7200


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_explains_every_setting(section: str) -> None:
    explained = set(re.findall(r"^(?:# )?([a-z_]+) = ", _section(section), flags=re.M))
    apart = {"caps", "columns", "guard", "jobs", "machines", "metric_patterns", "parameters", "variables"}
    assert explained == set(SECTIONS[section].model_fields) - apart


@pytest.mark.parametrize("section", SECTIONS)
def test_the_defaults_that_the_example_names_are_the_defaults(section: str) -> None:
    fields = SECTIONS[section].model_fields
    for name, value in re.findall(r"^# ([a-z_]+) = (\"[^\"]*\"|\[[^\]]*\]|\S+)", _section(section), flags=re.M):
        default = fields[name].default
        if default is None or name in (
            "data_uri",
            "projects",
            "channels",
        ):  # an example stands there: nothing is the default
            continue
        said = tomllib.loads(f"x = {value}")["x"]
        assert str(said if not isinstance(said, list) else tuple(said)) == str(default), name


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    path = _with(
        tmp_path,
        ("guild_id = 1098765432109876543", 'guild_id = "x"'),
        ("\nqueue =", "\nqueu ="),
        ("default = 0.1 ", "default = 7 "),
        ("[pace]", "[pase]"),
    )
    problems = _problems(path)
    assert len(problems) == 5
    assert 'discord.guild_id must be a whole number, not "x"' in problems[0]
    assert problems[1] == "projects.mnist.queue is missing. Set it to text in quotes"
    assert 'parameters.lr: `default` must be a number from 1e-6 to 1, not "7".' in problems[2]
    assert "projects.mnist.queu is not a setting. Did you mean queue? Choose one: branches" in problems[3]
    assert problems[4].startswith("pase is not a setting. Did you mean pace?")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('choices = ["sgd", "adam"]', "choices = []", 'choices and type = "choice" go together'),
        ("min = 1\n", "min = 2000\n", "min (2000) is greater than max (1000)"),
        ('aliases = ["m"]', 'aliases = ["lr"]', "used twice: lr"),
        ("[projects.mnist.parameters.lr]", "[projects.mnist.parameters.branch]", "parameter names branch: reserved"),
        (
            "[projects.mnist.parameters.lr]",
            "[projects.mnist.parameters.job]",
            "parameter names job: reserved for the bot. Use names other than",
        ),
        ('aliases = ["m"]', 'aliases = ["job"]', "other than branch, commit, job, project"),
        ('default = "sgd"', 'default = "rmsprop"', "`default` must be sgd or adam, not"),
        ('region = "us-east-1"', "region = us-east-1", "not valid TOML: "),
        ('type = "choice"\n', 'type = "choice"\nmin = 1\n', "min and max only work with type"),
        (
            "# [deploy.jobs.mnist]",
            "[deploy.jobs.minst]",
            "deploy.jobs.minst: there is no such project. Choose one: mnist",
        ),
        ("# [deploy.jobs.mnist]", '[deploy.jobs.mnist]\nqueue = "cpu"', "gpus must be 0 with queue"),
        (
            "[deploy]",
            '[deploy]\nstack = "My Stack"',
            'deploy.stack must be a name of at most 32 characters a-z, 0-9 and -, starting with a letter, not "My S',
        ),
        ("[deploy]", '[deploy]\nstack = "https://user:p@ss@host/"', ', not "https://host/"'),
    ],
)
def test_mistakes_between_settings(tmp_path: Path, old: str, new: str, said: str) -> None:
    (problem,) = _problems(_with(tmp_path, (old, new)))
    assert said in problem


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (["a", "m" * 101], "has 101 characters: Discord takes at most 100"),
        (["a", ""], 'choice "" must not be blank'),
        (["a", " "], "must not be blank"),
        (["a", "b", "a"], 'choice "a" is listed twice'),
        (["a", "\N{ROBOT FACE}" * 51], "has 102 characters"),
    ],
)
def test_22_the_config_check_knows_discords_limits(choices: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        ParameterSettings(type=Kind.CHOICE, choices=tuple(choices), default="a")


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"min": 0.2, "max": 0.8}, "no whole number from min (0.2) to max (0.8)"),
        ({"min": 2.0**54}, "leave no value"),
        ({"max": float("nan")}, "not nan"),
        ({"description": " "}, "description is blank"),
    ],
)
def test_bounds_and_descriptions_that_discord_refuses(bounds: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        ParameterSettings(type=Kind.INT, **bounds)


def test_more_projects_than_discord_shows_choices(tmp_path: Path) -> None:
    path = _with(tmp_path)
    section = path.read_text().split("[projects.mnist]", 1)[1]
    for number in range(30):
        path.write_text(
            path.read_text() + f"\n[projects.p{number}]" + section.replace("projects.mnist", f"projects.p{number}")
        )
    assert len(loading.load(path).projects) == 31


@pytest.mark.parametrize(
    ("metric", "goal", "maximize"),
    [("val_loss", "", False), ("val_accuracy", "", True), ("FID", "", False), ("gap", "minimize", False)],
)
def test_goal_is_taken_from_the_metrics_name(tmp_path: Path, metric: str, goal: str, maximize: bool) -> None:
    changes = [('# metric = "val_accuracy" ', f'metric = "{metric}" '), ('# goal = "" ', f'goal = "{goal}" ')]
    (loaded,) = loading.projects(loading.load(_with(tmp_path, *changes)))
    assert loaded.maximize is maximize


def test_goal_is_required_where_the_name_does_not_tell(tmp_path: Path) -> None:
    path = _with(tmp_path, ('# metric = "val_accuracy" ', 'metric = "gap"'))
    (problem,) = _problems(path)
    assert problem == (
        'projects.mnist.goal: the name "gap" doesn\'t say whether more is better. '
        'Set goal = "maximize" or goal = "minimize"'
    )


@pytest.mark.parametrize(
    ("pattern", "said"), [("loss: (", "is no regular expression"), ("loss: [0-9.]+", "has no group for the value")]
)
def test_a_pattern_for_lines_needs_a_group(tmp_path: Path, pattern: str, said: str) -> None:
    table = f'[projects.mnist.metric_patterns]\nval_loss = "{pattern}"\n\n[projects.mnist.parameters.lr]'
    (problem,) = _problems(_with(tmp_path, ("[projects.mnist.parameters.lr]", table)))
    assert problem.startswith("projects.mnist.metric_patterns: val_loss: ")
    assert said in problem


def test_limits_of_git_reach_it() -> None:
    assert GitLimits(**Git().model_dump()) == GitLimits()
    assert GitLimits(**Git(fetch_mib=7).model_dump()).fetch_mib == 7


def test_projects_of_one_repository_share_their_branches(tmp_path: Path) -> None:
    other = (
        EXAMPLE.read_text().split("[projects.mnist]", 1)[1].split("[projects.mnist.", 1)[0].split("# checkpoints", 1)[0]
    )
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text() + "\n[projects.walker]\n" + other + 'branches = ["release/*"]\n')
    config = loading.load(path)
    assert loading.allowed_branches(config) == {"https://github.com/you/mnist.git": ("main", "release/*")}


def test_missing_file(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path / "config.toml")
    assert "config.example.toml" in problem


def test_the_example_names_the_reserved_words() -> None:
    *first, last = RESERVED_OPTIONS
    assert f"Any name but {', '.join(first)} and {last}\n" in _section("projects.mnist.parameters.lr")


def test_the_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a.b.c")
    secrets = loading.secrets()
    assert secrets.discord_token.get_secret_value() == "a.b.c"
    assert "a.b.c" not in repr(secrets)
    monkeypatch.delenv("DISCORD_TOKEN")
    with pytest.raises(ConfigError, match="DISCORD_TOKEN is not set"):
        loading.secrets()
