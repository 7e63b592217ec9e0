"""The temporary credentials of roles. They are moto's own, so that GetCallerIdentity knows them, but they expire.

A container and a host fetch theirs over HTTP and fetch new ones before those expire:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from deploy.sandbox.aws.common.settings import REGION, LiveSettings


class Identity(NamedTuple):
    """Whose credentials they are. `arn` is that of GetCallerIdentity; `caller` is for records of calls.

    `policy` is the session's own, which AssumeRole took.
    """

    role_arn: str
    arn: str
    caller: str
    policy: str = ""


class _Issued(NamedTuple):
    identity: Identity
    token: str
    expires: float


class RoleCredentials:
    """Issues them, and finds a role by the id of an access key, which each signature contains."""

    def __init__(self, settings: LiveSettings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._issued: dict[str, _Issued] = {}
        self._containers: dict[str, tuple[str, str, str]] = {}
        self._current: dict[tuple[str, str, float], tuple[dict[str, str], float]] = {}

    def fetch(self, role_arn: str, session: str, caller: str = "") -> dict[str, str]:
        """Return credentials with at least half of their life ahead, as the container agent does."""
        life = self._settings.now.credential_seconds
        with self._lock:
            document, expires = self._current.get((role_arn, session, life), ({}, 0.0))
            if expires - self._clock() < life / 2:
                document, expires = self._issue(role_arn, session, caller or session, life)
                self._current[role_arn, session, life] = document, expires
            return document

    def open(self, role_arn: str, session: str, caller: str) -> str:
        """Give a container its own address, which nobody else can guess; return the last part of it.

        As ECS's agent does, with a random id: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
        """
        id_ = str(uuid.uuid4())
        self._containers[id_] = role_arn, session, caller
        return id_

    def close(self, id_: str) -> None:
        """The container has ended, and its address with it."""
        self._containers.pop(id_, None)

    def of_container(self, id_: str) -> dict[str, str] | None:
        """Return the credentials of a container that runs."""
        found = self._containers.get(id_)
        return None if found is None else self.fetch(*found)

    def identity(self, access_key_id: str) -> Identity | None:
        """Return the role; None for keys that belong to no role."""
        found = self._find(access_key_id)
        return found.identity if found else None

    def expired(self, access_key_id: str) -> bool:
        found = self._find(access_key_id)
        return found is not None and found.expires <= self._clock()

    def issued_with(self, access_key_id: str, token: str) -> bool:
        """Whether it is the session token of these credentials: temporary ones do not work without theirs.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
        """
        found = self._find(access_key_id)
        return found is None or found.token == token

    def _find(self, access_key_id: str) -> _Issued | None:
        found = self._issued.get(access_key_id)
        # Temporary keys begin with ASIA; these come from a call of AssumeRole.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
        if found is None and access_key_id.startswith("ASIA"):
            assumed = _sts().get_assumed_role_from_access_key(access_key_id)
            if assumed is not None:
                identity = Identity(assumed.role_arn, assumed.arn, assumed.session_name, assumed.policy or "")
                expires = assumed.expiration.replace(tzinfo=UTC).timestamp()
                found = _Issued(identity, assumed.session_token, expires)
                self._issued[access_key_id] = found
        return found

    def _issue(self, role_arn: str, session: str, caller: str, life: float) -> tuple[dict[str, str], float]:
        assumed = _sts().assume_role(REGION, session, role_arn, "", int(life), "")
        expires = self._clock() + life
        identity = Identity(role_arn, assumed.arn, caller)
        self._issued[assumed.access_key_id] = _Issued(identity, assumed.session_token, expires)
        document = {
            "AccessKeyId": assumed.access_key_id,
            "SecretAccessKey": assumed.secret_access_key,
            "Token": assumed.session_token,
            "Expiration": datetime.fromtimestamp(expires, UTC).isoformat().replace("+00:00", "Z"),
            "RoleArn": role_arn,
        }
        return document, expires


def _sts() -> Any:
    return sts_backends[DEFAULT_ACCOUNT_ID]["aws"]
