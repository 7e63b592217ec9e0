"""The committed templates' parameters, conditions and outputs."""

import difflib
import json
import re
from typing import Any

import pytest

from bot.config import loading
from bot.config.deploy import Deploy
from bot.domain.stack import by_project
from deploy.aws import outputs
from tests.deploy.aws.template import CPU_PATH, EXAMPLE, PATH, Template, committed

MOST_BYTES = 51_200
"""CloudFormation accepts no larger template in the request itself."""


@pytest.fixture(scope="module")
def template() -> Template:
    return committed()


@pytest.fixture(scope="module")
def deploy() -> Deploy:
    return loading.load(EXAMPLE).deploy


def test_template_is_small_and_each_parameter_has_a_default(template: Template) -> None:
    assert PATH.stat().st_size < MOST_BYTES
    assert set(template.content["Parameters"]) == {
        *("AlarmEmail", "BudgetUsd", "Project", "TimeoutSeconds", "UpdateMinutes", "Zones"),
        *("SpotInstances", "OnDemandInstances", "CpuInstances", "TrainerImage", "BotImage"),
    }
    assert all("Default" in each for each in template.content["Parameters"].values())
    assert "BootstrapVersion" not in PATH.read_text()
    assert not template.of_type("Lambda::Function")


def test_cpu_template_differs_only_in_queue_and_gpus() -> None:
    assert CPU_PATH.stat().st_size < MOST_BYTES
    cpu = Template(json.loads(CPU_PATH.read_text()))
    assert cpu.outputs["Queue"]["Value"] == "signalbox-cpu"
    definition = cpu.only("Batch::JobDefinition")["ContainerProperties"]
    assert "GPU" not in {each["Type"] for each in definition["ResourceRequirements"]}
    gpu_lines, cpu_lines = (json.dumps(_unconditional(each), indent=1).splitlines() for each in (committed(), cpu))
    differences = [line for line in difflib.unified_diff(gpu_lines, cpu_lines, n=0) if line[0] in "+-"][2:]
    assert len(differences) == 14


def _unconditional(template: Template) -> dict[str, Any]:
    """The template without the conditions, which are those of the queues that no project uses."""
    resources = {
        name: {key: value for key, value in each.items() if key != "Condition"}
        for name, each in template.content["Resources"].items()
    }
    return {**template.content, "Resources": resources, "Conditions": {}, "Metadata": {}}


def test_only_queues_without_a_project_may_be_left_out() -> None:
    for template, used in ((committed(), "Spot"), (Template(json.loads(CPU_PATH.read_text())), "Cpu")):
        for name, each in template.resources.items():
            if each["Type"] in ("AWS::Batch::ComputeEnvironment", "AWS::Batch::JobQueue"):
                kind = re.split("Machines|Queue", name)[0]
                assert each.get("Condition") == (None if kind == used else f"Has{kind}Instances")


def test_every_output_for_settings_exists(template: Template) -> None:
    named = by_project({name: str(each["Value"]) for name, each in template.outputs.items()})
    assert set(outputs.keys(["mnist"])) <= set(named)
    assert {"BotRoleArn", "RepositoryUri", "GitTokenSecret", "TrainerImageUri", "BotImageUri"} <= set(template.outputs)


def test_budget_alarms_go_to_the_configured_address(template: Template, deploy: Deploy) -> None:
    budget = template.content["Resources"]["Budget"]["Properties"]
    assert budget["Budget"]["BudgetLimit"] == {"Amount": {"Ref": "BudgetUsd"}, "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    alarms = [each["Notification"] for each in budget["NotificationsWithSubscribers"]]
    assert [(each["NotificationType"], each["Threshold"]) for each in alarms] == [
        ("ACTUAL", 50),
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    addresses = [
        subscriber["Address"] for each in budget["NotificationsWithSubscribers"] for subscriber in each["Subscribers"]
    ]
    assert addresses == [{"Ref": "AlarmEmail"}] * 4
    assert deploy.alarm_email not in json.dumps(template.content)
