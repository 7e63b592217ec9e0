"""The image of a project's jobs: whether it exists, and which commit it was built from.

The commit is read from the image's tags in the registry: `trainer-1f0c9ab2d3e4-5f0c1e9b7a2d`, commit and content. (The
label org.opencontainers.image.revision holds it too, but only inside the image.) The form of an address:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html. The errors:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_definition, image_of
from bot.domain.project import Project
from bot.domain.stack import NOT_PUSHED
from bot.errors import Denied, Missing, Unavailable
from bot.services.running.doctor import Check, Finding

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<name>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_COMMIT = re.compile(r"(?:[a-z]+-)?([0-9a-f]{7,40})(?:-[0-9a-f]{12})?")
_ABSENT = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


def image_check(batch: Client, ecr: Client, project: Project) -> Check:
    subject = f"image of {project.job_definition}"

    async def look() -> Finding:
        try:
            image = image_of(await describe_definition(batch, project.job_definition, ecr.meta.region_name))
        except Missing as error:
            return Finding.note(subject, f"could not be checked: {error}")
        if not image:
            return Finding.note(subject, "could not be checked: the job definition names none for a single container")
        address = _ECR.fullmatch(image)
        if address is None:
            return Finding(subject, f"{image} is not in ECR, so it cannot be checked here")
        if address["region"] != ecr.meta.region_name:
            return Finding.note(subject, f"{image} is in another region, and every job pulls it from there")
        return Finding(subject, f"{image}: {_described(await _details(ecr, address))}")

    advice = "Build and push it: `python -m deploy.aws.push --config config.toml`. See docs/getting-started.md, step 8."
    return Check(subject, look, advice, note_on=(Denied, Unavailable))


async def _details(ecr: Client, address: re.Match[str]) -> Mapping[str, Any]:
    """Read the image's details. Raises `Missing` if it does not exist."""
    image = {"imageDigest": address["digest"]} if address["digest"] else {"imageTag": address["tag"] or "latest"}
    with calling("Looking for the image in ECR"):
        try:
            answer = await ecr.describe_images(
                registryId=address["account"], repositoryName=address["name"], imageIds=[image]
            )
        except ecr.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise Missing(_absence(address)) from error
            raise
        found: Mapping[str, Any] = answer["imageDetails"][0]
        return found


def _absence(address: re.Match[str]) -> str:
    if address[0].endswith(NOT_PUSHED):
        return f"No image has been pushed to {address['name']} yet, so no job can start."
    if address["digest"]:
        return f"Image {address[0]} is no longer in the registry, so no job can start."
    return f"There is no image {address[0]}."


def _described(details: Mapping[str, Any]) -> str:
    commits = [match[1] for tag in details.get("imageTags", ()) if (match := _COMMIT.fullmatch(tag))]
    built = f"built from commit {commits[0]}" if commits else "commit unknown, because none of its tags is one"
    pushed = details.get("imagePushedAt")
    when = f", pushed {pushed:%Y-%m-%d %H:%M}" if pushed else ""
    size = details.get("imageSizeInBytes")
    return f"{built}{when}{f', {size / 1e9:.1f} GB' if size else ''}"
