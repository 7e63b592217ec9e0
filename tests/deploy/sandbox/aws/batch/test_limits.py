"""Limits of Batch's calls that moto does not have, over HTTP."""

import pytest
from botocore.exceptions import ClientError

from tests.deploy.sandbox.aws.factory import job
from tests.support.aws_stand_in import Sandbox

pytestmark = pytest.mark.slow


def _definition(sandbox: Sandbox, tags: dict[str, str], **more: object) -> str:
    image = sandbox.batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"][0]["containerProperties"]["image"]
    requirements = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
    made = sandbox.batch.register_job_definition(
        jobDefinitionName=f"tagged-{len(tags)}-{more.get('propagateTags')}",
        type="container",
        containerProperties={"image": image, "resourceRequirements": requirements},
        tags=tags,
        **more,
    )
    return str(made["jobDefinitionArn"])


def test_reasons_have_1024_characters_at_most(sandbox: Sandbox) -> None:
    for end in (sandbox.batch.terminate_job, sandbox.batch.cancel_job):
        end(jobId="nothing", reason="x" * 1024)
        with pytest.raises(ClientError, match="reason must have at most 1024 characters, given 1025"):
            end(jobId="nothing", reason="x" * 1025)


def test_job_and_definition_have_50_tags_together(sandbox: Sandbox) -> None:
    """Without propagateTags nothing is combined."""
    own = {str(number): "" for number in range(30)}
    theirs = {f"job-{number}": "" for number in range(21)}
    for propagate, status in ((True, "FAILED"), (False, "SUCCEEDED")):
        definition = _definition(sandbox, own, propagateTags=propagate)
        submitted = sandbox.submit("pass", tags=theirs, jobDefinition=definition)
        ended = sandbox.ended(submitted)
        assert ended["status"] == status
    shared = {"0": "other", **dict(list(theirs.items())[:20])}
    again = sandbox.submit("pass", tags=shared, jobDefinition=_definition(sandbox, own, propagateTags=True))
    assert sandbox.ended(again)["status"] == "SUCCEEDED"


def test_other_resources_have_the_same_limits_of_tags(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="at most 50, given 51"):
        _definition(sandbox, {str(number): "" for number in range(51)})
    arn = _definition(sandbox, {str(number): "" for number in range(49)})
    sandbox.batch.tag_resource(resourceArn=arn, tags={"last": "one"})
    with pytest.raises(ClientError, match="at most 50, given 51"):
        sandbox.batch.tag_resource(resourceArn=arn, tags={"one": "more"})
    with pytest.raises(ClientError, match="Tags take letters"):
        sandbox.batch.tag_resource(resourceArn=arn, tags={"last": "a;b"})


def test_a_job_without_gpus_asks_for_none() -> None:
    requirements = [{"type": "VCPU", "value": "4"}, {"type": "GPU", "value": "2"}]
    assert job(container={"resourceRequirements": requirements}).spec.gpus == 2
    assert job().spec.gpus == 0
