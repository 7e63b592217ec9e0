"""What the doctor makes of IAM's policy simulator."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.adapters.aws.probe.permissions import permission_check
from bot.domain.project import Project
from bot.services.running.doctor import Finding, Level, examine

PROJECT = Project("mnist", "file:///r", ("main",), ("python",), "q", "d", "/jobs", "s3://bucket/jobs")
ROLE = "arn:aws:iam::123456789012:role/signalbox-BotRole-1"
SESSION = "arn:aws:sts::123456789012:assumed-role/signalbox-BotRole-1/i-0123"
BATCH = "arn:aws:batch:eu-west-1:123456789012"
QUEUE, DEFINITION = f"{BATCH}:job-queue/q", f"{BATCH}:job-definition/d"


class NoSuchEntityException(ClientError):
    """As the client makes it."""


class Iam:
    """Allows all but `refused`, for the roles in `known`; `by_resource` is the newer form of the answer."""

    def __init__(
        self, *refused: tuple[str, str], known: tuple[str, ...] = (ROLE,), by_resource: bool = True, code: str = ""
    ) -> None:
        self._refused, self._known, self._by_resource, self._code = refused, known, by_resource, code
        self.exceptions = SimpleNamespace(NoSuchEntityException=NoSuchEntityException)
        self.asked: dict[str, Any] = {}

    async def get_role(self, RoleName: str) -> Any:
        return {"Role": {"Arn": next(each for each in self._known if each.endswith(RoleName))}}

    async def simulate_principal_policy(self, **asked: Any) -> Any:
        if self._code:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "SimulatePrincipalPolicy")
        if asked["PolicySourceArn"] not in self._known:
            raise NoSuchEntityException({"Error": {"Code": "NoSuchEntity"}}, "SimulatePrincipalPolicy")
        self.asked = asked
        return {"EvaluationResults": [each for action in asked["ActionNames"] for each in self._results(action)]}

    def _results(self, action: str) -> list[dict[str, Any]]:
        decided = {
            resource: "implicitDeny" if (action, resource) in self._refused else "allowed"
            for resource in self.asked["ResourceArns"]
        }
        if not self._by_resource:
            return [
                {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": each}
                for resource, each in decided.items()
            ]
        specific = [{"EvalResourceName": name, "EvalResourceDecision": each} for name, each in decided.items()]
        # The decision of all resources together: no job may be submitted to a job, so it is always a refusal.
        return [{"EvalActionName": action, "EvalDecision": "implicitDeny", "ResourceSpecificResults": specific}]


async def _found(iam: Iam, arn: str = SESSION) -> Finding:
    async def identity() -> Any:
        return {"Arn": arn}

    sts = SimpleNamespace(get_caller_identity=identity)
    [finding] = [each async for each in examine([permission_check(sts, iam, PROJECT, "signalbox", "eu-west-1")])]
    return finding


@pytest.mark.parametrize("by_resource", [True, False])
async def test_a_role_that_may_everything(by_resource: bool) -> None:
    iam = Iam(by_resource=by_resource)
    finding = await _found(iam)
    assert (finding.level, finding.found) == (Level.OK, "signalbox-BotRole-1 may submit, tag and end jobs")
    assert iam.asked["ResourceArns"] == [DEFINITION, QUEUE, f"{BATCH}:job/signalbox-doctor"]
    keys = {each["ContextKeyName"]: each["ContextKeyValues"] for each in iam.asked["ContextEntries"]}
    assert keys == {
        "aws:RequestTag/signalbox:bot": ["signalbox"],
        "aws:ResourceTag/signalbox:bot": ["signalbox"],
    }


@pytest.mark.parametrize("by_resource", [True, False])
async def test_the_refused_call_and_its_resource_are_named(by_resource: bool) -> None:
    finding = await _found(Iam(("batch:TagResource", DEFINITION), by_resource=by_resource))
    assert finding.level is Level.BAD
    assert f"may not batch:TagResource on {DEFINITION}: AWS Batch takes no job" in finding.found
    assert "python -m deploy.aws.up" in finding.advice


async def test_who_may_not_ask_gets_a_note() -> None:
    finding = await _found(Iam(code="AccessDenied"))
    assert finding.level is Level.NOTE
    assert finding.found.startswith("could not be checked: Asking IAM for the bot's permissions")


async def test_a_role_with_a_path_is_found_by_its_name() -> None:
    """Those of IAM Identity Center have one, and the ARN of a session leaves it out."""
    role = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"
    iam = Iam(known=(role,))
    finding = await _found(iam, "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/mika")
    assert (finding.level, iam.asked["PolicySourceArn"]) == (Level.OK, role)


async def test_a_user_is_asked_about_by_its_own_arn() -> None:
    user = "arn:aws:iam::123456789012:user/team/mika"
    finding = await _found(Iam(known=(user,)), user)
    assert finding.found == "mika may submit, tag and end jobs"


async def test_the_root_user_may_everything() -> None:
    finding = await _found(Iam(code="AccessDenied"), "arn:aws:iam::123456789012:root")
    assert (finding.level, finding.found) == (Level.OK, "the account's root user may do everything")


async def test_a_strange_arn_is_a_note() -> None:
    assert (await _found(Iam(), "nobody")).level is Level.NOTE
