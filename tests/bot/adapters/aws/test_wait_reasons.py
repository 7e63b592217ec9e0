"""What AWS's reasons for a job in RUNNABLE mean: the sentences as its documentation quotes them."""

import pytest

from bot.adapters.aws.wait_reasons import wait_cause
from bot.domain.model.states import WaitCause

TOO_SMALL = "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
TOO_LARGE = "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s)"
UNSUPPORTED = "Your compute environment associated with this job queue has an unsupported instance type configuration."
SENTENCES = [
    ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested", WaitCause.NO_CAPACITY),
    (f"MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - {TOO_SMALL}", WaitCause.QUEUE_TOO_SMALL),
    (f"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - {TOO_LARGE}", WaitCause.MACHINES_TOO_SMALL),
    (f"MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - {UNSUPPORTED}", WaitCause.MACHINES_UNSUPPORTED),
    ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS \N{EN DASH} Batch service role has a p…", WaitCause.NO_PERMISSION),
    ("ACTION_REQUIRED - CE(s) associated with the job queue are invalid.", WaitCause.QUEUE_INVALID),
    ("UNDETERMINED - Batch job is blocked, root cause is undetermined.", WaitCause.UNDETERMINED),
    ("MISCONFIGURATION:A_NEW_ONE - AWS adds reasons now and then.", WaitCause.OTHER),
    ("Waiting for the moon", WaitCause.OTHER),
    ("", WaitCause.NO_REASON),
]


@pytest.mark.parametrize(("sentence", "cause"), SENTENCES)
def test_documented_sentences_have_their_causes(sentence: str, cause: WaitCause) -> None:
    assert wait_cause(sentence) is cause


def test_reason_of_an_ended_attempt_is_no_cause_of_the_wait() -> None:
    assert wait_cause("Host EC2 (instance i-0) terminated.") is WaitCause.NO_REASON
    assert (
        wait_cause("Essential container in task exited", ["Essential container in task exited"]) is WaitCause.NO_REASON
    )
