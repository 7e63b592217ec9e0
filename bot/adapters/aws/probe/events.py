"""The path of a job's events: EventBridge rule, queue policy, queue.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.errors import Denied
from bot.services.running.doctor import Check, Finding

STATE_CHANGE = "Batch Job State Change"
_SUBJECT = "event queue"
_RULE = "event rule"


def no_events() -> Check:
    async def look() -> Finding:
        advice = (
            "For updates within a second, set aws.events_queue_url: the stack in docs/getting-started.md makes one."
        )
        return Finding.note(_SUBJECT, "not set, so the bot asks for states every few seconds", advice)

    return Check(_SUBJECT, look, "")


def events_check(sqs: Client, url: str, now: Callable[[], float]) -> Check:
    """The queue must be readable. Its messages stay in it, because they are invisible to others for 0 s.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """

    async def look() -> Finding:
        with calling("Reading the event queue"):
            answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            waiting = int(answer["Attributes"]["ApproximateNumberOfMessages"])
            received = await sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=0,
                WaitTimeSeconds=0,
                AttributeNames=["SentTimestamp"],
            )
        sent = [int(m["Attributes"]["SentTimestamp"]) / 1000 for m in received.get("Messages", ())]
        newest = f", one is {now() - max(sent):.0f} s old" if sent else ""
        return Finding(_SUBJECT, f"readable, about {waiting} messages waiting{newest}")

    return Check(_SUBJECT, look, "Check aws.events_queue_url. Without it, the bot only polls.")


def rule_check(sqs: Client, events: Client, url: str) -> Check:
    """Only AWS can send a Batch event, so the path is inspected, not tried."""

    async def look() -> Finding:
        with calling("Reading the queue's policy"):
            answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])
            arn, policy = answer["Attributes"]["QueueArn"], json.loads(answer["Attributes"].get("Policy") or "{}")
        if not _lets_events_in(policy):
            advice = 'In its policy, allow sqs:SendMessage for the principal {"Service": "events.amazonaws.com"}.'
            return Finding.bad(_RULE, "the queue's policy does not let EventBridge send to it", advice)
        with calling("Looking for EventBridge rules"):
            names = (await events.list_rule_names_by_target(TargetArn=arn))["RuleNames"]
            rules = [await events.describe_rule(Name=name) for name in names]
            wanted = [rule for rule in rules if _is_for_jobs(json.loads(rule.get("EventPattern") or "{}"))]
        return _rule_finding(wanted, arn)

    return Check(_RULE, look, "Check aws.events_queue_url. Without it, the bot only polls.", note_on=(Denied,))


def _rule_finding(rules: list[Mapping[str, Any]], arn: str) -> Finding:
    enabled = [str(rule["Name"]) for rule in rules if rule.get("State") != "DISABLED"]
    if enabled:
        return Finding(_RULE, f"{', '.join(enabled)}: enabled, and the queue accepts its events")
    if rules:
        name = rules[0]["Name"]
        return Finding.bad(_RULE, f"{name} is disabled", f"Enable it: `aws events enable-rule --name {name}`.")
    pattern = json.dumps({"source": ["aws.batch"], "detail-type": [STATE_CHANGE]})
    return Finding.bad(
        _RULE, "no rule sends job states to the queue", f"Create one for {pattern} with the target {arn}."
    )


def _is_for_jobs(pattern: Mapping[str, Any]) -> bool:
    return "aws.batch" in pattern.get("source", ()) and STATE_CHANGE in pattern.get("detail-type", (STATE_CHANGE,))


def _lets_events_in(policy: Mapping[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    return any(_allows(each) for each in (statements if isinstance(statements, list) else [statements]))


def _allows(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", ())) if isinstance(principal, dict) else _listed(principal)
    actions = {action.lower() for action in _listed(statement.get("Action", ()))}
    allowed = statement.get("Effect") == "Allow" and {"events.amazonaws.com", "*"} & set(services)
    return bool(allowed and {"sqs:sendmessage", "sqs:*", "*"} & actions)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
