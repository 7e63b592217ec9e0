"""The instance's metadata: which host this is, and whether AWS is about to take it back.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
A container behind a bridge reaches it only where the instance's hop limit is 2 or more.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.checkpoint import NOTICE
from trainer.process.console import say

POLL_SECONDS = 5.0
_ADDRESS = "http://169.254.169.254"
_TIMEOUT_SECONDS = 1.0
_TOKEN_SECONDS = 21_600


class Metadata:
    """Answers "" for what is not there. `address` as botocore's AWS_EC2_METADATA_SERVICE_ENDPOINT."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Metadata | None":
        """None where AWS_EC2_METADATA_DISABLED says so."""
        if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return None
        return cls(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _ADDRESS)

    def get(self, name: str) -> str:
        """`/latest/meta-data/<name>`. Raises OSError where there is no metadata service at all."""
        for _ in range(2):
            try:
                self._token = self._token or self._new_token()
                return self._ask(f"/latest/meta-data/{name}", {"X-aws-ec2-metadata-token": self._token})
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 401:
                    return ""
                self._token = ""
        return ""

    def _new_token(self) -> str:
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_SECONDS)}
        return self._ask("/latest/api/token", headers, method="PUT")

    def _ask(self, path: str, headers: Mapping[str, str], method: str = "GET") -> str:
        request = urllib.request.Request(self._address + path, headers=dict(headers), method=method)  # noqa: S310
        with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            text: str = answer.read().decode()
        return text


class SpotWatch:
    """Looks for the notice, and asks the training code for a checkpoint when it comes."""

    def __init__(self, metadata: Metadata, control: Path, on_host: Callable[[str], object]) -> None:
        self._metadata, self._control, self._on_host = metadata, control, on_host
        self._failures = 0
        self._host = ""
        self.noticed = False

    def look(self) -> None:
        if self.noticed or self._failures >= 3:
            return
        try:
            self._learn_host()
            notice = self._metadata.get("spot/instance-action")
        except OSError:
            self._failures += 1
            return
        self._failures = 0
        if notice:
            self._tell(notice)

    def _learn_host(self) -> None:
        if not self._host:
            self._host = " ".join(filter(None, map(self._metadata.get, ("instance-id", "instance-type"))))
            if self._host:
                self._on_host(self._host)

    def _tell(self, notice: str) -> None:
        self.noticed = True
        (self._control / NOTICE).touch()
        say(f"AWS takes this host back{_when(notice)}: asked the training code for a checkpoint")


def _when(notice: str) -> str:
    try:
        told = json.loads(notice)
        return f" at {told['time']} ({told['action']})"
    except (ValueError, KeyError, TypeError):
        return ""
