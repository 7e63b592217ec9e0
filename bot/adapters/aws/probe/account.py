"""Whether the credentials work, and whether the clock is right enough for AWS.

"No permissions are required to perform this operation":
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from collections.abc import Callable

from botocore.exceptions import ClientError

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.services.running.doctor import Check, Finding, clock_finding


def identity_check(sts: Client, region: str) -> Check:
    subject = "AWS credentials"

    async def look() -> Finding:
        with calling("Checking the AWS credentials"):
            answer = await sts.get_caller_identity()
        return Finding(subject, f"{answer['Arn']} in {region}")

    advice = "Give the bot AWS credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID with its secret, or the host's role."
    return Check(subject, look, advice)


def clock_check(sts: Client, now: Callable[[], float]) -> Check:
    """A refusal is good enough: it carries the date too."""
    subject = "clock against AWS"

    async def look() -> Finding:
        before = now()
        with calling("Reading AWS's clock"):
            try:
                answer = await sts.get_caller_identity()
            except ClientError as error:
                answer = error.response
            date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        return clock_finding(subject, date, before, now())

    return Check(subject, look, "Fix the credentials or the connection to AWS first.")
