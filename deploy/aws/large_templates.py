"""A template in a request, or in a bucket while CloudFormation reads it: a request takes 51,200 bytes, a bucket 1 MB.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html: `TemplateBody` has "a maximum
length of 51,200 bytes", `TemplateURL` points to "a template (max size: 1 MB) that's located in an Amazon S3 bucket".
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from deploy.aws.cloudformation import ClientOf, StackError

MOST_IN_REQUEST, MOST_IN_BUCKET = 51_200, 1_000_000
_KEY = "template.json"
_NO_LOCATION = "us-east-1"
"""The region that takes no location: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html"""


@contextmanager
def placed(client: ClientOf, stack: str, template: str) -> Iterator[dict[str, str]]:
    """The request's part that has the template. Raises StackError if it is too long, and botocore's ClientError.

    A long one is in a bucket of its own, which is private and deleted at the end: before the first stack there is none.
    """
    content = template.encode()
    if len(content) <= MOST_IN_REQUEST:
        yield {"TemplateBody": template}
        return
    if len(content) > MOST_IN_BUCKET:
        raise StackError(
            f"The template has {len(content):,} bytes; CloudFormation accepts at most {MOST_IN_BUCKET:,}. "
            "Put some projects in a second stack: another config.toml with its own `deploy.stack` and `bot.name`."
        )
    s3 = client("s3")
    bucket = f"{stack}-template-{secrets.token_hex(8)}"
    s3.create_bucket(Bucket=bucket, **_location(s3.meta.region_name))
    try:
        s3.put_object(Bucket=bucket, Key=_KEY, Body=content)
        yield {"TemplateURL": f"https://{bucket}.{urlsplit(s3.meta.endpoint_url).netloc}/{_KEY}"}
    finally:
        s3.delete_object(Bucket=bucket, Key=_KEY)
        s3.delete_bucket(Bucket=bucket)


def _location(region: str) -> dict[str, Any]:
    return {} if region == _NO_LOCATION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
