"""The committed template in the sandbox: the bot and its jobs have the roles of the stack, and no other permissions."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.aws import images, outputs
from deploy.aws.outputs import Output
from deploy.aws.short_joins import compact
from deploy.aws.up import TEMPLATE, up
from deploy.sandbox.aws.common.settings import REGION, Settings
from deploy.sandbox.aws.resources import Clients, Resources
from deploy.sandbox.session import ENTRYPOINT

PROJECT, STACK, ACCOUNT = "mnist", "signalbox", "123456789012"
_KIND = "application/vnd.oci.image.manifest.v1+json"
_MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": _KIND, "layers": []})
_DIGEST = f"sha256:{hashlib.sha256(_MANIFEST.encode()).hexdigest()}"
"""As registries make it: https://github.com/opencontainers/distribution-spec/blob/main/spec.md. moto's is another."""
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{STACK}@{_DIGEST}"
ENFORCED = Settings(images={IMAGE: ENTRYPOINT}, stop_timeout_seconds=5, enforce_permissions=True)


def deployed(
    endpoint: str,
    *,
    path: Path = TEMPLATE,
    change: Callable[[dict[str, Any]], object] | None = None,
    max_vcpus: int = 0,
) -> Resources:
    """Deploy the committed template, or the one at `path`; return its resources in the sandbox's form.

    `change` edits the template's resources before, and `max_vcpus` is the most that a queue's machines have together.
    """
    clients = Clients(endpoint)
    template = json.loads(path.read_text())
    for each in template["Resources"].values():
        if max_vcpus and each["Type"] == "AWS::Batch::ComputeEnvironment":
            each["Properties"]["ComputeResources"]["MaxvCpus"] = max_vcpus
    if change is not None:
        change(template["Resources"])
    made = up(clients.client, STACK, compact(template), {images.parameter("trainer"): f"@{_DIGEST}"})
    clients.ecr.put_image(
        repositoryName=STACK,
        imageTag="trainer-sandbox",
        imageDigest=_DIGEST,
        imageManifest=_MANIFEST,
        imageManifestMediaType=_KIND,
    )
    return Resources(
        endpoint=endpoint,
        bucket=made[Output.BUCKET],
        queue=made[outputs.queue(PROJECT)],
        job_definition=made[outputs.job_definition(PROJECT)],
        log_group=made[Output.LOG_GROUP],
        events_queue_url=made[Output.EVENTS_QUEUE_URL],
        bot_role_arn=made[Output.BOT_ROLE_ARN],
    )
