"""The image of a project's jobs: whether it is there, and which commit it was built from.

An image says its commit by a tag, which a look at the registry shows: `trainer-1f0c9ab2d3e4` beside `trainer`.
(The label org.opencontainers.image.revision says the same to who has the image itself.)
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_definition, image_of
from bot.domain.project import Project
from bot.errors import Denied, Missing, Unavailable
from bot.services.running.doctor import Check, Finding

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<name>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_COMMIT = re.compile(r"(?:[a-z]+-)?([0-9a-f]{7,40})")
_ABSENT = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


def image_check(batch: Client, ecr: Client, project: Project) -> Check:
    subject = f"image of {project.definition}"

    async def look() -> Finding:
        try:
            image = image_of(await describe_definition(batch, project.definition, ecr.meta.region_name))
        except Missing as error:
            return Finding.note(subject, f"not looked at: {error}")
        place = _ECR.fullmatch(image)
        if place is None:
            return Finding(subject, f"{image} is not in ECR: whether it is there, and its commit, are unknown")
        if place["region"] != ecr.meta.region_name:
            return Finding.note(subject, f"{image} lies in another region: it is pulled from there at every start")
        return Finding(subject, f"{image}: {_described(await _details(ecr, place))}")

    mend = "Build the image and push it to that address, with the commit as a tag: see docs/getting-started.md."
    return Check(subject, look, mend, told=(Denied, Unavailable))


async def _details(ecr: Client, place: re.Match[str]) -> Mapping[str, Any]:
    """Raises Missing."""
    image = {"imageDigest": place["digest"]} if place["digest"] else {"imageTag": place["tag"] or "latest"}
    with calling("Looking for the image in ECR"):
        try:
            answer = await ecr.describe_images(
                registryId=place["account"], repositoryName=place["name"], imageIds=[image]
            )
        except ecr.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                raise Missing(f"There is no image {place[0]}.") from error
            raise
        found: Mapping[str, Any] = answer["imageDetails"][0]
        return found


def _described(details: Mapping[str, Any]) -> str:
    commits = [match[1] for tag in details.get("imageTags", ()) if (match := _COMMIT.fullmatch(tag))]
    built = f"built from commit {commits[0]}" if commits else "of an unknown commit, as no tag of it is one"
    pushed = details.get("imagePushedAt")
    when = f", pushed {pushed:%Y-%m-%d %H:%M}" if pushed else ""
    size = details.get("imageSizeInBytes")
    return f"{built}{when}{f', {size / 1e9:.1f} GB' if size else ''}"
