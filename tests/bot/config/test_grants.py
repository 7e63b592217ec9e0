"""Grants in config.toml, and the older `train_roles` and `stop_roles`."""

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.config import loading
from bot.domain.access import Grant, Verb
from bot.errors import ConfigError

OLD = """
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
channels = [1098765432109876544]
train_roles = ["trainer", "1098765432109876545"]
stop_roles = ["admin"]
[projects.walker]
repository = "https://example.org/walker.git"
command = ["python", "train.py"]
queue = "q"
job_definition = "d"
bucket = "b"
"""
"""As people have had it since before there were grants."""


def loaded(tmp_path: Path, text: str = OLD) -> loading.Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return loading.load(path)


def problems(tmp_path: Path, grant: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"{OLD}\n[[grants]]\n{grant}")
    return "\n".join(caught.value.problems)


def test_an_old_config_means_what_it_meant(tmp_path: Path) -> None:
    train = frozenset({Verb.SEE, Verb.TRAIN, Verb.SWEEP, Verb.STOP_OWN})
    assert loading.grants(loaded(tmp_path)) == (
        Grant(frozenset({"trainer", "1098765432109876545"}), train, frozenset({"mnist"})),
        Grant(frozenset({"admin"}), train | {Verb.STOP_ANY}, frozenset({"mnist"})),
    )


def test_a_grant_with_everything(tmp_path: Path) -> None:
    text = """[[grants]]
    roles = [1098765432109876545, "admin", "@everyone"]
    may = ["see", "stop own"]
    projects = ["walker"]
    channels = [5]
    spend_up_to_usd = 0
    [[grants]]
    roles = ["1098765432109876545"]
    may = ["administer"]
    """
    priced = OLD.replace("[projects.walker]", "[projects.walker]\nusd_per_hour = 1")
    given, plain, *_ = loading.grants(loaded(tmp_path, f"{priced}\n{text}"))
    assert given.roles == {"1098765432109876545", "admin", "@everyone"}
    assert given.may == {Verb.SEE, Verb.STOP_OWN}
    assert (given.projects, given.channels, given.spend_up_to_usd) == ({"walker"}, {5}, 0)
    assert (plain.projects, plain.channels, plain.spend_up_to_usd) == (frozenset(), frozenset(), math.inf)


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        ('roles = []\nmay = ["see"]', "grants.roles: entry 1 must be a list with at least 1 entry"),
        ('roles = [" "]\nmay = ["see"]', "an empty name: write a role's ID"),
        ('roles = [true]\nmay = ["see"]', "must be text in quotes, not true"),
        ('roles = ["a"]\nmay = []', "at least 1 entry"),
        (
            'roles = ["a"]\nmay = ["rule"]',
            'one of "see", "train", "sweep", "stop own", "stop any", "approve" or "administer"',
        ),
        ('roles = ["a"]', "grants.may: entry 1 is missing"),
        ('roles = ["a"]\nmay = ["see"]\nprojects = []', "projects = [] would be none. Leave it out for all"),
        ('roles = ["a"]\nmay = ["see"]\nchannels = []', "channels = [] would be none. Leave it out for all"),
        ('roles = ["a"]\nmay = ["see"]\nprojects = ["mnits"]', "entry 1: there is no project mnits. Choose one: mnist"),
        ('roles = ["a"]\nmay = ["train"]\nspend_up_to_usd = inf', "must be a number"),
    ],
)
def test_what_is_wrong_with_a_grant_is_said(tmp_path: Path, grant: str, words: str) -> None:
    assert words in problems(tmp_path, grant)


def test_a_limit_of_cost_needs_a_price_from_somewhere(tmp_path: Path) -> None:
    grant = '[[grants]]\nroles = ["a"]\nmay = ["train"]\nspend_up_to_usd = 5'
    assert loaded(tmp_path, f"{OLD}\n{grant}").prices.enabled
    with pytest.raises(ConfigError, match=r"the cost of mnist, walker is not known\. Set projects\.mnist\.usd"):
        loaded(tmp_path, f"{OLD}\n{grant}\n[prices]\nenabled = false")
    priced = OLD.replace("[projects.walker]", "[projects.walker]\nusd_per_hour = 1")
    with pytest.raises(ConfigError, match="the cost of mnist is not known"):
        loaded(tmp_path, f"{priced}\n{grant}\n[prices]\nenabled = false")


def test_the_example_lets_everybody_see_and_nobody_else_do_anything_by_default() -> None:
    example: dict[str, Any] = tomllib.loads((Path(__file__).parents[3] / "config.example.toml").read_text())
    everyone, *others = example["grants"]
    assert (everyone["roles"], everyone["may"]) == (["@everyone"], ["see"])
    assert all("@everyone" not in each["roles"] for each in others)
