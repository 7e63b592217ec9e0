"""The secrets in a job definition, which ECS passes to the container as environment variables.

https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data-secrets.html
"""

from collections.abc import Mapping
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.models import secretsmanager_backends

from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.containers.start_role import StartRole


class SecretError(Exception):
    """A secret cannot be read; the message is ECS's. Assumption: secret-text."""


_FAILED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
    "failed: unable to retrieve secret from asm: "
)


def secret_variables(container: Mapping[str, Any], role: StartRole | None = None) -> dict[str, str]:
    """Secret values by variable name, as far as `role` may read them. Raises SecretError."""
    backend = secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION]
    found = {}
    for each in container.get("secrets") or ():
        if role is not None and (refused := role.cannot("secretsmanager:GetSecretValue", each["valueFrom"])):
            raise SecretError(f"{_FAILED}{refused}")
        try:
            found[each["name"]] = str(backend.get_secret_value(each["valueFrom"], "", "")["SecretString"])
        except SecretsManagerClientError as error:
            raise SecretError(f"{_FAILED}{error.description}") from error
    return found
