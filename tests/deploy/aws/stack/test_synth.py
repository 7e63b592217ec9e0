"""The stack from other configs, and whether the committed template is current. These tests run the CDK."""

import functools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.config import loading
from tests.deploy.aws.recorded_regions import clients
from tests.deploy.aws.template import CPU_PATH, EXAMPLE, PATH, Template, committed, spelled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jsii's
    pytest.mark.skipif(shutil.which("node") is None, reason="the AWS CDK needs node: https://nodejs.org"),
]
pytest.importorskip("aws_cdk", reason="the AWS CDK is not installed: make setup-aws", exc_type=ImportError)

from aws_cdk import App, Validations  # noqa: E402
from aws_cdk import aws_s3 as s3  # noqa: E402
from cdk_nag import AwsSolutionsChecks  # noqa: E402

from deploy.aws import __main__ as app  # noqa: E402
from deploy.aws.regions import decide  # noqa: E402


@functools.cache
def _synthesized(*changes: tuple[str, str]) -> Template:
    """The template for the example config with these replacements."""
    return Template(json.loads(app.template(_config(*changes))))


def _config(*changes: tuple[str, str]) -> loading.Config:
    return loading.Config.model_validate(tomllib.loads(_changed(*changes)))


def _changed(*changes: tuple[str, str]) -> str:
    text = EXAMPLE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


HOST = ('# host = "none"', 'host = "t3.micro"')
ARM_HOST = ('# host = "none"', 'host = "t4g.micro"')
CPU = ("# [deploy.jobs.mnist]", '[deploy.jobs.mnist]\nqueue = "cpu"\ngpus = 0\nvcpus = 2')
DATA = ('# data_uri = "s3://your-data/mnist/"', 'data_uri = "s3://your-data/mnist/"')


def test_committed_template_is_current() -> None:
    assert _synthesized().content == committed().content, "make template"
    assert app.template(_config()) == PATH.read_text(), "make template"


def test_committed_template_without_gpus_is_current() -> None:
    without_gpus = ("# [deploy.jobs.mnist]", '[deploy.jobs.mnist]\nqueue = "cpu"\ngpus = 0')
    assert app.template(_config(without_gpus)) == CPU_PATH.read_text(), "make template"


def test_secrets_of_a_project_reach_its_jobs_by_name_only() -> None:
    template = _synthesized(("# secrets = []", 'secrets = ["WANDB_API_KEY", "HF_TOKEN"]'))
    resources = template.resources.items()
    named = {
        spelled(each["Properties"]["Name"]).rpartition("/")[2]: key
        for key, each in resources
        if each["Type"] == "AWS::SecretsManager::Secret"
    }
    container = template.only("Batch::JobDefinition")["ContainerProperties"]
    passed = {each["Name"]: each["ValueFrom"]["Ref"] for each in container["Secrets"]}
    assert passed == {
        "GIT_TOKEN": named["git-token"],
        "WANDB_API_KEY": named["WANDB_API_KEY"],
        "HF_TOKEN": named["HF_TOKEN"],
    }
    listed = spelled(template.content["Outputs"]["JobSecrets"]["Value"]).split(",")
    assert [name.rpartition("/")[2] for name in listed] == ["WANDB_API_KEY", "HF_TOKEN"]
    described = template.granted("BotRole")["secretsmanager:DescribeSecret"]
    assert [arn.rpartition(":secret:")[2] for arn in sorted(described)] == ["<GitToken>", "signalbox/mnist/*"]
    assert "secretsmanager:GetSecretValue" not in template.granted("BotRole")


def test_host_volume_outlives_the_stack() -> None:
    template = _synthesized(HOST)
    [volume] = [each for each in template.resources.values() if each["Type"] == "AWS::EC2::Volume"]
    assert volume["DeletionPolicy"] == "Retain"
    assert volume["Properties"]["Encrypted"] is True
    policy = template.only("DLM::LifecyclePolicy")["PolicyDetails"]
    [tag] = policy["TargetTags"]
    assert {"Key": tag["Key"], "Value": tag["Value"]} in volume["Properties"]["Tags"]
    assert policy["Schedules"][0]["RetainRule"] == {"Count": 7}


def test_host_is_reachable_only_by_ssm() -> None:
    template = _synthesized(HOST)
    data = template.called("HostTemplate", "EC2::LaunchTemplate")["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert data["InstanceType"] == "t3.micro"
    assert "KeyName" not in data
    assert all("SecurityGroupIngress" not in group for group in template.of_type("EC2::SecurityGroup").values())
    assert "AmazonSSMManagedInstanceCore" in str(template.called("BotRole", "IAM::Role")["ManagedPolicyArns"])


def test_host_is_one_machine_at_a_time() -> None:
    [group] = [each for each in _synthesized(HOST).resources.values() if "AutoScaling" in each["Type"]]
    assert (group["Properties"]["MaxSize"], group["Properties"]["DesiredCapacity"]) == ("1", "1")
    assert len(group["Properties"]["VPCZoneIdentifier"]) == 1
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"]["MinInstancesInService"] == 0


def test_host_script_is_valid_bash() -> None:
    template = _synthesized(HOST)
    data = template.called("HostTemplate", "EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]
    script = re.sub(r"<[A-Za-z:]+>", "token", spelled(data["Fn::Base64"]))
    assert "Fn::" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    inner = script.split("<<'END_OF_FILE'\n", 1)[1].split("\nEND_OF_FILE", 1)[0]
    subprocess.run(["bash", "-n"], input=inner, text=True, check=True)
    assert ":/home/signalbox/var " in script
    assert "/signalbox/signalbox/config.toml" in script


def test_arm_host_gets_an_arm_image() -> None:
    arm = _synthesized(ARM_HOST).called("HostTemplate", "EC2::LaunchTemplate")["LaunchTemplateData"]["ImageId"]
    assert arm.endswith("-arm64")


def test_no_host_and_no_discord_token_by_default() -> None:
    template = _synthesized()
    assert not template.of_type("EC2::Volume")
    assert not template.of_type("AutoScaling::AutoScalingGroup")
    assert [each["Name"] for each in template.of_type("SecretsManager::Secret").values()] == ["signalbox/git-token"]


def test_update_waits_for_the_longest_job_as_far_as_aws_allows() -> None:
    template = _synthesized(("# timeout_minutes = 120", "timeout_minutes = 20000"))
    for each in template.resources.values():
        if each["Type"] != "AWS::Batch::ComputeEnvironment":
            continue
        assert each["Properties"]["UpdatePolicy"]["JobExecutionTimeoutMinutes"] == 7_200


def test_project_on_the_cpu_queue() -> None:
    template = _synthesized(CPU)
    container = template.only("Batch::JobDefinition")["ContainerProperties"]
    asked = {each["Type"]: each["Value"] for each in container["ResourceRequirements"]}
    assert asked == {"VCPU": "2", "MEMORY": "12000"}
    assert template.outputs["Queue"]["Value"] == "signalbox-cpu"
    assert "<CpuQueue.JobQueueArn>" in template.granted("BotRole")["batch:SubmitJob"]
    assert "<SpotQueue.JobQueueArn>" not in template.granted("BotRole")["batch:SubmitJob"]


def test_data_in_another_bucket_is_read_only() -> None:
    granted = _synthesized(DATA).granted("ProjectTrainingRole")
    assert "arn:<AWS::Partition>:s3:::your-data/mnist/*" in granted["s3:GetObject"]
    assert granted["s3:PutObject"] == {"<Artifacts.Arn>/jobs/mnist/*/artifacts/*"}
    assert "arn:<AWS::Partition>:s3:::your-data" in granted["s3:ListBucket"]


def test_no_secret_without_private_repositories() -> None:
    template = _synthesized(("# git_token_secret = ", 'git_token_secret = "" # '))
    assert not template.of_type("SecretsManager::Secret")
    assert not template.only("Batch::JobDefinition")["ContainerProperties"].get("Secrets")
    assert "GitTokenSecret" not in template.outputs


@pytest.mark.exhaustive
def test_every_variant_is_small_and_passes_lint(tmp_path: Path) -> None:
    names = []
    for number, changes in enumerate([(HOST, DATA), (CPU,)]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(_synthesized(*changes).content, indent=1))
        assert path.stat().st_size < 70_000
        assert len(json.dumps(_synthesized(*changes).content)) < 51_200  # as the CDK sends it
        names.append(str(path))
    subprocess.run([Path(sys.executable).with_name("cfn-lint"), *names], check=True)


class TestNag:
    """cdk-nag's AwsSolutions: every exception has its reason in the code."""

    @pytest.mark.parametrize("changes", [(), (HOST, DATA)], ids=["example", "everything"])
    def test_every_nag_exception_has_a_reason(self, tmp_path: Path, changes: tuple[tuple[str, str], ...]) -> None:
        path = tmp_path / "config.toml"
        path.write_text(_changed(*changes, ("you@example.com", "me@example.org")))
        assert app.main(["--config", str(path)], clients) == 0

    def test_nag_finds_an_unexplained_exception(self) -> None:
        nagged = App()
        Validations.of(nagged).add_plugins(AwsSolutionsChecks(nagged))
        stack = app.signalbox_stack(nagged, _config())
        s3.Bucket(stack, "Careless")
        with pytest.raises(RuntimeError, match="ValidationFailed"):
            nagged.synth()


def test_invalid_config_is_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(_changed(('# host = "none"', 'host = "big"')))
    assert app.main(["--config", str(path)]) == 1
    assert 'deploy.host must be an instance type such as t4g.small, or "none", not "big"' in capfd.readouterr().err


def _main(tmp_path: Path, *changes: tuple[str, str]) -> int:
    """Run the CDK app as `make deploy` does, with the recorded answers of AWS."""
    path = tmp_path / "config.toml"
    path.write_text(_changed(*changes))
    return app.main(["--config", str(path)], clients)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "deploy.alarm_email is still the example's you@example.com."),
        (
            [("you@example.com", "me@example.org"), ('region = "us-east-1"', 'region = "ca-west-1"')],
            "deploy.spot_instances: the queue signalbox-spot would have no machine",
        ),
    ],
    ids=["the example's address", "a region without GPUs"],
)
def test_make_deploy_refuses_before_it_builds_anything(
    changes: list[tuple[str, str]], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _main(tmp_path, *changes) == 1
    assert said in capfd.readouterr().err


def test_make_deploy_builds_for_the_region(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The CDK's stack has the images as its only parameters: types, zones and queues are those of the region."""
    config = _config(("you@example.com", "me@example.org"), ('region = "us-east-1"', 'region = "ap-south-2"'))
    choice = decide(config, clients)
    running = {"TrainerImage": f"@sha256:{'0a' * 32}", "BotImage": None}
    written = app.for_region(config, choice, running).read_text()
    assert '"Fn::Sub":"arn:${AWS::Partition}:' in written
    template = Template(json.loads(written))
    defaults = {name: each["Default"] for name, each in template.content["Parameters"].items()}
    assert defaults == {"TrainerImage": running["TrainerImage"], "BotImage": ":not-pushed-yet"}
    environments = template.of_type("Batch::ComputeEnvironment").values()
    assert [each["ComputeResources"]["InstanceTypes"] for each in environments] == [
        ["g6.xlarge"],
        ["m7i.xlarge", "m6i.xlarge", "m6a.xlarge"],
    ]
    zones = [each["AvailabilityZone"] for each in template.of_type("EC2::Subnet").values()]
    assert zones == ["ap-south-2a", "ap-south-2b"]
    assert template.outputs["QueueMnist"]["Value"] == "signalbox-spot"
    changes = [("you@example.com", "me@example.org"), ('region = "us-east-1"', 'region = "ap-south-2"')]
    assert _main(tmp_path, *changes) == 0
    assert "left out: g4dn.xlarge, g5.xlarge (not offered in ap-south-2)" in capfd.readouterr().err


def test_the_hosts_volume_is_in_the_first_zone() -> None:
    resources = _synthesized(HOST).content["Resources"].values()
    [volume] = [each["Properties"] for each in resources if each["Type"] == "AWS::EC2::Volume"]
    zones = [each["Properties"]["AvailabilityZone"] for each in resources if each["Type"] == "AWS::EC2::Subnet"]
    assert volume["AvailabilityZone"] == zones[0]


def test_only_a_bot_that_wants_the_bill_may_read_it() -> None:
    assert "ce:GetCostAndUsage" not in _synthesized().granted("BotRole")
    wanted = _synthesized(("# cost_explorer = false", "cost_explorer = true"))
    assert wanted.granted("BotRole")["ce:GetCostAndUsage"] == {"*"}
