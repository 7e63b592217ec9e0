import pytest

from bot.domain import stack
from bot.errors import ConfigError


def test_each_setting_has_its_value() -> None:
    made = {
        "Region": "eu-west-1",
        "EventsQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
        "Bucket": "artifacts",
        "LogGroup": "/signalbox/jobs",
        "QueueMyNet": "signalbox-spot",
        "JobDefinitionMyNet": "signalbox-my-net",
        "BotRoleArn": "arn:aws:iam::123456789012:role/bot",
    }
    assert stack.settings("s", made, ["my-net"]) == {
        ("aws", "region"): "eu-west-1",
        ("aws", "events_queue_url"): made["EventsQueueUrl"],
        ("projects", "my-net", "queue"): "signalbox-spot",
        ("projects", "my-net", "job_definition"): "signalbox-my-net",
        ("projects", "my-net", "bucket"): "artifacts",
        ("projects", "my-net", "log_group"): "/signalbox/jobs",
    }


def test_a_stack_for_one_project_has_the_name_in_an_output() -> None:
    made = {
        "Region": "eu-west-1",
        "EventsQueueUrl": "https://queue",
        "Bucket": "artifacts",
        "LogGroup": "/jobs",
        "Queue": "signalbox-spot",
        "JobDefinition": "signalbox-my-net",
        "ProjectName": "my-net",
    }
    values = stack.settings("s", made, ["my-net"])
    assert values["projects", "my-net", "queue"] == "signalbox-spot"
    assert values["projects", "my-net", "job_definition"] == "signalbox-my-net"
    with pytest.raises(ConfigError, match=r"projects\.other\.queue: the stack has no output QueueOther"):
        stack.settings("s", made, ["other"])


def test_every_output_that_lacks_is_named() -> None:
    with pytest.raises(ConfigError) as raised:
        stack.settings("mine", {"Region": "eu-west-1", "Bucket": "b", "LogGroup": "g"}, ["my-net"])
    assert str(raised.value).startswith("stack mine: 3 mistakes")
    assert "projects.my-net.job_definition: the stack has no output JobDefinitionMyNet" in str(raised.value)
