"""The bot on the machine that the stack starts for it: every call of the machine and of the bot, as the host's role."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.sandbox.aws.common.role_credentials import address
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.resources import Clients
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.view import job_id_in, text_of, watching
from deploy.sandbox.session import Sandbox, sandbox
from deploy.sandbox.stack import ENFORCED, deployed
from tests.support.waiting import PATIENCE, PATIENT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("node") is None, reason="the AWS CDK needs node: https://nodejs.org"),
]
pytest.importorskip("aws_cdk", reason="the AWS CDK is not installed: make setup-aws", exc_type=ImportError)

ROOT = Path(__file__).parents[2]
CONFIG = "signalbox/signalbox/config.toml"
AWS_CALLS = {
    "aws ec2 attach-volume",
    "aws s3 cp",
    "aws secretsmanager get-secret-value",
    "aws ecr get-login-password",
    "docker pull",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of the example config with a host, as `python -m deploy.aws` writes it."""
    folder = tmp_path_factory.mktemp("host")
    text = (ROOT / "config.example.toml").read_text()
    assert '# host = "none"' in text
    (folder / "config.toml").write_text(text.replace('# host = "none"', 'host = "t3.micro"'))
    written = ("--config", str(folder / "config.toml"), "--template", str(folder / "host.json"))
    subprocess.run([sys.executable, "-m", "deploy.aws", *written], cwd=ROOT, check=True, capture_output=True)
    return folder / "host.json"


class Host:
    """The machine: its clients have the credentials of its instance profile's role."""

    def __init__(self, running: Sandbox) -> None:
        self._aws = running.ready["aws"]
        self.admin = Clients(self._aws["endpoint"])
        (reservation,) = self.admin.ec2.describe_instances()["Reservations"]
        self.id = reservation["Instances"][0]["InstanceId"]
        (profile,) = [
            each
            for each in self.admin.iam.list_instance_profiles()["InstanceProfiles"]
            if each["Roles"][0]["Arn"] == self._aws["bot_role_arn"]
        ]
        with urllib.request.urlopen(address(self._aws["endpoint"], profile["Roles"][0]["Arn"], self.id)) as answer:
            self._keys = json.load(answer)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            REGION,
            endpoint_url=self._aws["endpoint"],
            aws_access_key_id=self._keys["AccessKeyId"],
            aws_secret_access_key=self._keys["SecretAccessKey"],
            aws_session_token=self._keys["Token"],
        )

    def prepare(self) -> None:
        """Make the calls of the user data and of signalbox-prepare: deploy/aws/stack/host_userdata.py."""
        (volume,) = self._volumes(tagged=True)
        self.client("ec2").attach_volume(VolumeId=volume, InstanceId=self.id, Device="/dev/sdf")
        self.admin.s3.put_object(Bucket=self._aws["bucket"], Key=CONFIG, Body=b"[bot]")
        self.client("s3").head_object(Bucket=self._aws["bucket"], Key=CONFIG)
        self.client("s3").get_object(Bucket=self._aws["bucket"], Key=CONFIG)
        secret = self.admin.secretsmanager.describe_secret(SecretId="signalbox/discord-token")["ARN"]
        self.admin.secretsmanager.put_secret_value(SecretId=secret, SecretString="token")
        assert self.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "token"
        self.client("ecr").get_authorization_token()
        self.client("ecr").batch_get_image(repositoryName="signalbox", imageIds=[{"imageTag": "bot"}])
        self.client("ecr").batch_check_layer_availability(repositoryName="signalbox", layerDigests=["sha256:0"])

    def attach_another(self) -> None:
        volume = self._volumes(tagged=False)[0]
        self.client("ec2").attach_volume(VolumeId=volume, InstanceId=self.id, Device="/dev/sdg")

    def _volumes(self, *, tagged: bool) -> list[str]:
        found = self.admin.ec2.describe_volumes()["Volumes"]
        return [
            each["VolumeId"]
            for each in found
            if tagged == any(tag["Key"] == "signalbox:volume" for tag in each.get("Tags", ()))
        ]


def test_the_host_makes_no_other_calls(template: Path) -> None:
    """What `Host.prepare` does is all of it."""
    resources = json.loads(template.read_text())["Resources"]
    (data,) = [
        each["Properties"]["LaunchTemplateData"]["UserData"]
        for name, each in resources.items()
        if each["Type"] == "AWS::EC2::LaunchTemplate" and name.startswith("Host")
    ]
    script = json.dumps(data).replace("\\n", "\n")
    assert set(re.findall(r"\baws [a-z0-9]+ [a-z-]+|\bdocker pull", script)) == AWS_CALLS


async def test_machine_and_bot_have_all_permissions_of_the_host(template: Path) -> None:
    async with sandbox(limits=PATIENT, aws=ENFORCED, make=partial(deployed, path=template)) as running:
        host = await asyncio.to_thread(Host, running)
        await asyncio.to_thread(host.prepare)
        await running.bot.start()
        async with watching(running.ready["discord"]["url"], "mika", lambda _: None) as view:
            outcome = await view.person.type("/train branch:main epochs:1", channel="training", wait=True)
            job_id = job_id_in(outcome["message"])
            assert job_id, outcome
            end = await view.until(f"the end of {job_id}", lambda view: view.end(job_id), seconds=PATIENCE)
        denied = await ControlClient(running.ready["aws"]["endpoint"]).get("ledger?kind=denied")
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            await asyncio.to_thread(host.attach_another)
    assert "succeeded" in text_of(end), text_of(end)
    assert denied == []
