"""The instance's metadata: the host's name, and the notice that AWS is about to take it back.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
Batch's jobs on EC2 reach the service, because they run in the machine's own network; a container on a bridge network
only if the instance's hop limit is at least 2: https://docs.aws.amazon.com/batch/latest/userguide/networking-modes-jobs.html
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trainer.checkpoint import NOTICE
from trainer.process import console
from trainer.process.users import as_root

POLL_SECONDS = 5.0
_ADDRESS = "http://169.254.169.254"
_TIMEOUT_SECONDS = 1.0
_TOKEN_SECONDS = 21_600


class Metadata:
    """A client of the metadata service. `address` is like botocore's AWS_EC2_METADATA_SERVICE_ENDPOINT."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Metadata | None":
        """Create a client for the service that AWS's variables name. None if AWS_EC2_METADATA_DISABLED is true."""
        if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return None
        return cls(environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _ADDRESS)

    @property
    def place(self) -> str:
        """Host and port."""
        address = urlsplit(self._address)
        return f"{address.netloc.rpartition('@')[2]}{'' if address.port else ':80'}"

    def get(self, name: str) -> str:
        """Get `/latest/meta-data/<name>`, "" if it does not exist. Raises OSError if there is no metadata service."""
        for _ in range(2):
            try:
                self._token = self._token or self._new_token()
                return self._request(f"/latest/meta-data/{name}", {"X-aws-ec2-metadata-token": self._token})
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 401:
                    return ""
                self._token = ""
        return ""

    def _new_token(self) -> str:
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": str(_TOKEN_SECONDS)}
        return self._request("/latest/api/token", headers, method="PUT")

    def _request(self, path: str, headers: Mapping[str, str], method: str = "GET") -> str:
        request = urllib.request.Request(self._address + path, headers=dict(headers), method=method)  # noqa: S310
        with as_root(), self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            text: str = response.read().decode()
        return text


class SpotWatch:
    """Polls for the notice. When it arrives, requests a checkpoint from the training code."""

    def __init__(self, metadata: Metadata, control: Path, on_host: Callable[[str], object]) -> None:
        self._metadata, self._control, self._on_host = metadata, control, on_host
        self._failures = 0
        self._host = ""
        self.noticed = False

    def poll(self) -> None:
        """Check once. Gives up after three failures in a row: there is no metadata service."""
        if self.noticed or self._failures >= 3:
            return
        try:
            self._report_host()
            notice = self._metadata.get("spot/instance-action")
        except OSError:
            self._failures += 1
            return
        self._failures = 0
        if notice:
            self._request_checkpoint(notice)

    def _report_host(self) -> None:
        if not self._host:
            self._host = " ".join(filter(None, map(self._metadata.get, ("instance-id", "instance-type"))))
            if self._host:
                self._on_host(self._host)

    def _request_checkpoint(self, notice: str) -> None:
        self.noticed = True
        (self._control / NOTICE).touch()
        console.log(f"AWS is taking this host back{_when(notice)}: requested a checkpoint from the training code")


def _when(notice: str) -> str:
    try:
        body = json.loads(notice)
        return f" at {body['time']} ({body['action']})"
    except (ValueError, KeyError, TypeError):
        return ""
