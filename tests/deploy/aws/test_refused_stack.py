"""What `up` says when CloudFormation does not reach the wanted state."""

from typing import Any

import pytest
from botocore.exceptions import WaiterError

from deploy.aws import up
from deploy.aws.cloudformation import StackError


class Changing:
    """A stack that exists; its update ends as `said`, with this failed resource."""

    def __init__(self, said: str, kind: str) -> None:
        self._said, self._kind = said, kind

    def describe_stacks(self, StackName: str) -> Any:
        return {"Stacks": [{"StackId": StackName}]}

    def update_stack(self, **_: Any) -> None:
        pass

    def get_waiter(self, _: str) -> "Changing":
        return self

    def wait(self, **_: Any) -> None:
        raise WaiterError("stack_update_complete", self._said, {})

    def describe_stack_events(self, StackName: str) -> Any:
        failed = {"ResourceStatus": "CREATE_FAILED", "LogicalResourceId": StackName, "ResourceType": self._kind}
        return {"StackEvents": [failed]}


def _said(said: str, kind: str) -> str:
    changing = Changing(said, kind)
    with pytest.raises(StackError) as raised:
        up.up(lambda _: changing, "mine", "{}")
    return str(raised.value)


def test_a_refused_budget_says_how_to_do_without() -> None:
    """Its refusal rolls the whole stack back: https://github.com/org-formation/org-formation-cli/issues/198"""
    assert 'Set `deploy.alarm_email = ""` and run this again' in _said("rolled back", "AWS::Budgets::Budget")
    assert "alarm_email" not in _said("rolled back", "AWS::S3::Bucket")


def test_an_update_that_waits_for_long_jobs_is_no_failure() -> None:
    said = _said("Max attempts exceeded", "AWS::S3::Bucket")
    assert said.startswith("The stack is still changing, perhaps because an update waits for running jobs.")
    assert said.endswith("`aws cloudformation describe-stacks --stack-name mine`.")
    assert "could not" not in said
