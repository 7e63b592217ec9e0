"""Whether a template fits a config, and the values of its parameters."""

import json
import tomllib
from typing import Any

import pytest

from bot.config.loading import Config
from deploy.aws import offers, parameters, up
from deploy.aws.cloudformation import StackError
from deploy.aws.offers import Choice
from tests.deploy.aws.recorded_regions import Ec2
from tests.deploy.aws.template import CPU_PATH, EXAMPLE, PATH, config

GPU_TEMPLATE, CPU_TEMPLATE = (json.loads(path.read_text()) for path in (PATH, CPU_PATH))


def _choice(settings: Config) -> Choice:
    return offers.choose(settings.deploy, (), offers.ask(Ec2("us-west-1"), settings.deploy))


def test_the_example_fits_the_committed_template() -> None:
    assert parameters.differences(config(), GPU_TEMPLATE) == []
    without_gpus = config(jobs={"mnist": {"queue": "cpu", "gpus": 0}})
    assert parameters.differences(without_gpus, CPU_TEMPLATE) == []
    assert up.fitting(without_gpus, up.COMMITTED).path.name == "template-cpu.json"


def test_parameters_are_filled_from_the_config_and_the_region() -> None:
    settings = config(alarm_email="me@example.org", budget_usd=7)
    assert parameters.values(settings, _choice(settings)) == {
        "AlarmEmail": "me@example.org",
        "BudgetUsd": "7",
        "SpotInstances": "g4dn.xlarge",
        "OnDemandInstances": "g4dn.xlarge",
        "CpuInstances": "m7i.xlarge,m6i.xlarge,m6a.xlarge",
        "Zones": "us-west-1a,us-west-1b",
        "TimeoutSeconds": "7200",
        "UpdateMinutes": "120",
        "Project": "mnist",
    }
    images = {"TrainerImage", "BotImage"}  # push sets them
    assert set(GPU_TEMPLATE["Parameters"]) - images == set(parameters.values(settings, _choice(settings)))


@pytest.mark.parametrize(
    "changes",
    [
        {"alarm_email": "me@example.org"},
        {"alarm_email": ""},
        {"budget_usd": 7},
        {"spot_instances": ["g6.xlarge"]},
        {"on_demand_instances": ["g5.xlarge", "g6.xlarge"]},
        {"cpu_instances": ["c7i.xlarge"]},
    ],
)
def test_what_is_a_parameter_needs_no_other_template(changes: dict[str, Any]) -> None:
    assert parameters.differences(config(**changes), GPU_TEMPLATE) == []


def test_name_and_time_limit_of_the_only_project_need_no_other_template() -> None:
    content = tomllib.loads(EXAMPLE.read_text())
    content["projects"] = {"walker": content["projects"]["mnist"] | {"timeout_minutes": 30}}
    settings = Config.model_validate(content)
    assert parameters.differences(settings, GPU_TEMPLATE) == []
    values = parameters.values(settings, _choice(settings))
    assert (values["Project"], values["TimeoutSeconds"], values["UpdateMinutes"]) == ("walker", "1800", "30")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"disk_gib": 100}, "deploy.disk_gib is 100; the template has 60"),
        ({"zones": 3}, "deploy.zones is 3; the template has 2"),
        ({"spot_max_vcpus": 8}, "deploy.spot_max_vcpus is 8; the template has 32"),
        ({"git_token_secret": ""}, 'deploy.git_token_secret is ""; the template has "signalbox/git-token"'),
        ({"log_days": 30}, "deploy.log_days is 30; the template has 90"),
        ({"jobs": {"mnist": {"vcpus": 8}}}, "deploy.jobs.mnist.vcpus is 8; the template has 4"),
    ],
)
def test_what_is_built_in_is_named_with_both_values(changes: dict[str, Any], said: str) -> None:
    assert parameters.differences(config(**changes), GPU_TEMPLATE) == [said]


def test_another_stack_has_a_secret_of_its_own() -> None:
    assert parameters.differences(config(stack="other"), GPU_TEMPLATE) == [
        'deploy.stack is "other"; the template has "signalbox"',
        'deploy.git_token_secret is "other/git-token"; the template has "signalbox/git-token"',
    ]


def test_a_host_is_named() -> None:
    assert parameters.differences(config(host="t3.micro"), GPU_TEMPLATE) == [
        'deploy.host is "t3.micro"; the template has "none"',
        'bot.data_dir is "var"; the template leaves it out',
    ]


def test_other_settings_outside_deploy_are_compared_too() -> None:
    content = tomllib.loads(EXAMPLE.read_text())
    content["bot"]["name"] = "other"
    content["projects"]["mnist"]["data_uri"] = "s3://elsewhere/data/"
    assert parameters.differences(Config.model_validate(content), GPU_TEMPLATE) == [
        'bot.name is "other"; the template has "signalbox"',
        'projects.mnist.data_uri is "s3://elsewhere/data/"; the template has ""',
    ]
    own = f"s3://{content['projects']['mnist']['bucket']}/data/mnist/"
    content["bot"].pop("name")
    content["projects"]["mnist"]["data_uri"] = own  # jobs may read data/ of the stack's bucket in any case
    assert parameters.differences(Config.model_validate(content), GPU_TEMPLATE) == []


def test_several_projects_need_a_template_for_them() -> None:
    content = tomllib.loads(EXAMPLE.read_text())
    content["projects"]["walker"] = content["projects"]["mnist"] | {"channels": [1]}
    said = ["projects: config.toml has mnist, walker; the template is for one project"]
    assert parameters.differences(Config.model_validate(content), GPU_TEMPLATE) == said


def test_a_template_that_does_not_say_what_it_is_for_is_refused() -> None:
    assert parameters.differences(config(), {"Resources": {}}) == [
        "the template doesn't say which settings it was built from"
    ]


def test_the_refusal_names_the_nearest_template_and_what_to_run() -> None:
    with pytest.raises(StackError) as raised:
        up.fitting(config(disk_gib=100), up.COMMITTED)
    first, difference, *_, last = str(raised.value).splitlines()
    assert first == "The template template.json doesn't fit the config, so nothing was sent to AWS:"
    assert difference == "  deploy.disk_gib is 100; the template has 60"
    assert last == "  python -m deploy.aws.up --config config.toml --template mine.json"


def test_the_examples_address_is_refused() -> None:
    with pytest.raises(StackError, match=r"alarm_email is still the example's you@example\.com"):
        parameters.check_address(config().deploy)
    with pytest.raises(StackError, match="alarm_email"):
        parameters.check_address(config(alarm_email=" You@Example.com").deploy)
    parameters.check_address(config(alarm_email="").deploy)


def test_too_few_zones_for_the_template() -> None:
    settings = config(zones=3)
    with pytest.raises(StackError, match=r"deploy\.zones is 3, and us-west-1 has 2: us-west-1a, us-west-1b\. Set"):
        parameters.values(settings, _choice(settings))
