"""Outputs and the settings they fill."""

import pytest

from bot.domain import stack
from bot.errors import ConfigError
from deploy.aws import outputs
from deploy.aws.outputs import Output


def test_each_output_has_its_settings() -> None:
    assert outputs.keys(["my-net", "b"]) == {
        "Region": (("aws", "region"),),
        "EventsQueueUrl": (("aws", "events_queue_url"),),
        "QueueMyNet": (("projects", "my-net", "queue"),),
        "JobDefinitionMyNet": (("projects", "my-net", "job_definition"),),
        "Bucket": (("projects", "my-net", "bucket"), ("projects", "b", "bucket")),
        "LogGroup": (("projects", "my-net", "log_group"), ("projects", "b", "log_group")),
        "QueueB": (("projects", "b", "queue"),),
        "JobDefinitionB": (("projects", "b", "job_definition"),),
    }


def test_output_names_match_the_bots() -> None:
    shared = {Output.REGION, Output.EVENTS_QUEUE_URL, Output.BUCKET, Output.LOG_GROUP}
    own = {outputs.queue("mnist"), outputs.job_definition("mnist")}
    assert set(stack.places(["mnist"]).values()) == shared | own


def test_projects_with_the_same_output_names_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"projects\.my_net: its outputs would have the names of my-net's"):
        outputs.keys(["my-net", "my_net"])
