"""Delete images that nothing runs any more. The registry can't: it counts images, and doesn't know which ones run.

An image in use is never deleted: its digest is in the stack's parameters, in an active job definition, or in a job that
has not ended, which pulls it again on its next machine.
"""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from deploy.aws.cloudformation import ClientOf
from deploy.aws.images import TARGETS, output

KEPT = 10
"""The newest images of each target, to go back to."""
_LIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
_JOBS_PER_CALL = 100
"""DescribeJobs: "A list of up to 100 job IDs", https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""
_IMAGES_PER_CALL = 100
"""BatchDeleteImage: "Maximum number of 100 items",
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html"""


def delete_unused(client: ClientOf, made: Mapping[str, str], address: str) -> int:
    """Delete all but the newest and those in use; how many. `made` are the stack's outputs. Raises ClientError."""
    ecr, name = client("ecr"), address.partition("/")[2]
    named = set(_in_use(client("batch"))) | {made[output(target)] for target in TARGETS}
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=name, filter={"tagStatus": "TAGGED"})
    images = sorted((each for page in pages for each in page["imageDetails"]), key=itemgetter("imagePushedAt"))
    old = [image["imageDigest"] for target in TARGETS for image in _of(images, target)[:-KEPT]]
    names = {image["imageDigest"]: _names(address, image) for image in images}
    unused = [{"imageDigest": digest} for digest in old if not named & names[digest]]
    for start in range(0, len(unused), _IMAGES_PER_CALL):
        ecr.batch_delete_image(repositoryName=name, imageIds=unused[start : start + _IMAGES_PER_CALL])
    return len(unused)


def _of(images: list[Mapping[str, Any]], target: str) -> list[Mapping[str, Any]]:
    """Those that `push` tagged for the target, or an earlier version did."""
    return [image for image in images if any(tag.partition("-")[0] == target for tag in image["imageTags"])]


def _names(address: str, image: Mapping[str, Any]) -> set[str]:
    """All names under which a definition can have it."""
    return {f"{address}@{image['imageDigest']}", *(f"{address}:{tag}" for tag in image["imageTags"])}


def _in_use(batch: Any) -> Iterator[str]:
    """Images of active job definitions and of live jobs, in all queues: others may use the registry, too."""
    for page in batch.get_paginator("describe_job_definitions").paginate(status="ACTIVE"):
        for definition in page["jobDefinitions"]:
            yield definition.get("containerProperties", {}).get("image", "")
    for page in batch.get_paginator("describe_job_queues").paginate():
        for queue in page["jobQueues"]:
            live = list(_live(batch, queue["jobQueueName"]))
            for start in range(0, len(live), _JOBS_PER_CALL):
                for job in batch.describe_jobs(jobs=live[start : start + _JOBS_PER_CALL])["jobs"]:
                    yield job.get("container", {}).get("image", "")


def _live(batch: Any, queue: str) -> Iterator[str]:
    for status in _LIVE:
        for page in batch.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status):
            yield from (job["jobId"] for job in page["jobSummaryList"])
