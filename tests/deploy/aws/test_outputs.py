"""Outputs and settings: each finds the other."""

import pytest

from bot.errors import ConfigError
from deploy.aws import outputs

OUTPUTS = {
    "Region": "eu-west-1",
    "EventsQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
    "Bucket": "artifacts",
    "LogGroup": "/signalbox/jobs",
    "QueueMyNet": "signalbox-spot",
    "JobDefinitionMyNet": "signalbox-my-net",
    "BotRoleArn": "arn:aws:iam::123456789012:role/bot",
}


def test_every_value_is_written_to_its_setting() -> None:
    assert outputs.settings(OUTPUTS, ["my-net"]) == {
        ("aws", "region"): "eu-west-1",
        ("aws", "events_queue_url"): OUTPUTS["EventsQueueUrl"],
        ("projects", "my-net", "bucket"): "artifacts",
        ("projects", "my-net", "log_group"): "/signalbox/jobs",
        ("projects", "my-net", "queue"): "signalbox-spot",
        ("projects", "my-net", "job_definition"): "signalbox-my-net",
    }


def test_all_projects_share_bucket_and_log_group() -> None:
    keys = outputs.keys(["a", "b"])
    assert keys["Bucket"] == (("projects", "a", "bucket"), ("projects", "b", "bucket"))
    assert keys["QueueB"] == (("projects", "b", "queue"),)


def test_every_output_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        outputs.settings({"Region": "eu-west-1"}, ["mnist"])
    said = "\n".join(caught.value.problems)
    assert all(name in said for name in ("EventsQueueUrl", "Bucket", "LogGroup", "QueueMnist", "JobDefinitionMnist"))
    assert "Region:" not in said


def test_projects_whose_outputs_would_be_one_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"projects\.my_net: its outputs would be named as those of my-net"):
        outputs.keys(["my-net", "my_net"])
