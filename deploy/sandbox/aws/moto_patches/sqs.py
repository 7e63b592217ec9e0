"""moto's SQS with three corrections, needed when a bot reads while events arrive, and queue policies for stacks."""

import json
import time
from collections.abc import Mapping
from typing import Any

import moto.sqs.models
import moto.sqs.urls
from moto.core.common_models import CloudFormationModel
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends


def install() -> None:
    """Call once per process, before the server answers."""
    vars(moto.sqs.models)["unix_time_millis"] = _now_ms
    vars(moto.sqs.models)["Queue"] = LockedQueue
    moto.sqs.models.sqs_backends.backend = QuickBackend


def _now_ms() -> float:
    """The time in ms. moto asks for it once for each queued message on every send; its own version takes 12 µs."""
    return time.time() * 1000


class LockedQueue(Queue):
    def delete_message(self, receipt_handle: str) -> None:
        """Delete under moto's lock: moto rebuilds the list without it, and loses messages that arrive meanwhile."""
        with self._messages_lock:
            super().delete_message(receipt_handle)


class QuickBackend(SQSBackend):
    @property
    def _url_module(self) -> Any:
        return moto.sqs.urls

    def is_message_valid_based_on_retention_period(self, queue_name: str, message: Message) -> bool:
        """Check the age directly: moto counts the whole queue nine times for each received message."""
        retention_seconds = vars(self.get_queue(queue_name))["message_retention_period"]
        sent_ms = vars(message)["sent_timestamp"]
        return bool(sent_ms / 1000 + retention_seconds > time.time())


class QueuePolicy(CloudFormationModel):
    """AWS::SQS::QueuePolicy, which moto ignores in stacks. moto finds resource types by their base class.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html
    """

    def __init__(self, urls: tuple[str, ...]) -> None:
        self.urls = urls

    @property
    def physical_resource_id(self) -> str:
        return "-".join(self.urls)

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SQS::QueuePolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003  moto's
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> "QueuePolicy":
        properties: Mapping[str, Any] = cloudformation_json["Properties"]
        backend = sqs_backends[account_id][region_name]
        for url in properties["Queues"]:
            policy = {"Policy": json.dumps(properties["PolicyDocument"])}
            backend.set_queue_attributes(url.rpartition("/")[2], policy)
        return cls(tuple(properties["Queues"]))

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        """Do nothing: the policy is deleted with its queue."""
