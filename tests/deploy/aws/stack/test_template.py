"""Machines, money and data in the committed template, including what the AWS stand-in ignores."""

import json
import re

import pytest

from bot.config import loading
from bot.config.deploy import Deploy
from deploy.aws.images import TARGETS, parameter
from tests.deploy.aws.template import EXAMPLE, Template, committed, spelled


@pytest.fixture(scope="module")
def template() -> Template:
    return committed()


@pytest.fixture(scope="module")
def deploy() -> Deploy:
    return loading.load(EXAMPLE).deploy


class TestMachines:
    @pytest.mark.parametrize(
        ("name", "kind", "strategy", "image"),
        [
            ("Spot", "SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", "ECS_AL2023_NVIDIA"),
            ("OnDemand", "EC2", "BEST_FIT_PROGRESSIVE", "ECS_AL2023_NVIDIA"),
            ("Cpu", "SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", "ECS_AL2023"),
        ],
    )
    def test_scales_from_zero_to_a_cap_by_price_and_capacity(
        self, template: Template, deploy: Deploy, name: str, kind: str, strategy: str, image: str
    ) -> None:
        resources = template.called(f"{name}Machines", "Batch::ComputeEnvironment")["ComputeResources"]
        prefix = {"Spot": "spot", "OnDemand": "on_demand", "Cpu": "cpu"}[name]
        assert (resources["MinvCpus"], resources["MaxvCpus"]) == (0, getattr(deploy, f"{prefix}_max_vcpus"))
        assert tuple(resources["InstanceTypes"]) == getattr(deploy, f"{prefix}_instances")
        assert (resources["Type"], resources["AllocationStrategy"]) == (kind, strategy)
        assert resources["Ec2Configuration"] == [{"ImageType": image}]
        assert "DesiredvCpus" not in resources

    def test_machines_are_in_several_zones_with_public_addresses(self, template: Template) -> None:
        subnets = template.of_type("EC2::Subnet").values()
        zones = {"Fn::If": ["HasZones", [""], {"Fn::GetAZs": ""}]}
        assert [subnet["AvailabilityZone"] for subnet in subnets] == [{"Fn::Select": [i, zones]} for i in (0, 1)]
        assert all(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
        for environment in template.of_type("Batch::ComputeEnvironment").values():
            assert len(environment["ComputeResources"]["Subnets"]) == 2

    def test_nothing_reaches_in_and_there_is_no_nat_gateway(self, template: Template) -> None:
        group = template.only("EC2::SecurityGroup")
        assert "SecurityGroupIngress" not in group
        assert not template.of_type("EC2::SecurityGroupIngress")
        assert not template.of_type("EC2::NatGateway")
        assert not template.of_type("EC2::EIP")
        endpoint = template.only("EC2::VPCEndpoint")
        assert spelled(endpoint["ServiceName"]).endswith(".s3")
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert len(endpoint["RouteTableIds"]) == 2

    def test_containers_cannot_reach_instance_metadata(self, template: Template) -> None:
        data = template.only("EC2::LaunchTemplate")["LaunchTemplateData"]
        assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
        for environment in template.of_type("Batch::ComputeEnvironment").values():
            used = environment["ComputeResources"]["LaunchTemplate"]
            assert spelled(used["LaunchTemplateId"]) == "<MachineTemplate>"
            assert spelled(used["Version"]) == "<MachineTemplate.LatestVersionNumber>"

    def test_disks_are_encrypted_and_go_with_the_machine(self, template: Template, deploy: Deploy) -> None:
        [mapping] = template.only("EC2::LaunchTemplate")["LaunchTemplateData"]["BlockDeviceMappings"]
        disk = {"Encrypted": True, "DeleteOnTermination": True, "VolumeType": "gp3", "VolumeSize": deploy.disk_gib}
        assert mapping["Ebs"] == disk

    def test_containers_get_30_seconds_to_stop(self, template: Template) -> None:
        data = template.only("EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"]
        assert "ECS_CONTAINER_STOP_TIMEOUT=30s" in str(data)
        assert "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true" in str(data)

    def test_only_root_reaches_the_metadata_or_the_machine_shuts_down(self, template: Template) -> None:
        """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-limiting-access.html"""
        data = str(template.only("EC2::LaunchTemplate")["LaunchTemplateData"]["UserData"])
        for program, place in (
            ("iptables", "169.254.169.254"),
            ("ip6tables", "fd00:ec2::254"),
            ("iptables", "127.0.0.0/8 -p tcp --dport 51678"),
        ):
            rule = f"{program} -I OUTPUT -d {place} -m owner ! --uid-owner 0 -j REJECT || shutdown -h now"
            assert rule in data


class TestQueues:
    def test_each_queue_has_one_environment_and_a_priority(self, template: Template) -> None:
        queues = template.of_type("Batch::JobQueue").values()
        assert {queue["JobQueueName"]: queue["Priority"] for queue in queues} == {
            "signalbox-on-demand": 20,
            "signalbox-spot": 10,
            "signalbox-cpu": 5,
        }
        assert all(len(queue["ComputeEnvironmentOrder"]) == 1 for queue in queues)

    def test_stuck_jobs_are_cancelled(self, template: Template, deploy: Deploy) -> None:
        for queue in template.of_type("Batch::JobQueue").values():
            limits = {each["Reason"]: each["MaxTimeSeconds"] for each in queue["JobStateTimeLimitActions"]}
            assert limits == {
                "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": deploy.stuck_minutes * 60,
                "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": deploy.stuck_minutes * 60,
                "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": deploy.no_capacity_minutes * 60,
            }
            assert {each["Action"] for each in queue["JobStateTimeLimitActions"]} == {"CANCEL"}


class TestJobs:
    def test_jobs_time_out_and_retry_only_lost_machines(self, template: Template) -> None:
        definition = template.only("Batch::JobDefinition")
        assert spelled(definition["JobDefinitionName"]) == "signalbox-mnist"
        assert definition["Timeout"] == {"AttemptDurationSeconds": 7200}
        assert definition["RetryStrategy"] == {
            "Attempts": 3,
            "EvaluateOnExit": [
                {"Action": "RETRY", "OnStatusReason": "Host EC2*"},
                {"Action": "RETRY", "OnExitCode": "143"},
                {"Action": "EXIT", "OnReason": "*"},
            ],
        }

    def test_jobs_run_the_image_that_a_parameter_names_by_its_digest(self, template: Template) -> None:
        [definition] = template.of_type("Batch::JobDefinition")
        container = template.content["Resources"][definition]["Properties"]
        named = {"Fn::Sub": f"${{{next(iter(template.of_type('ECR::Repository')))}.RepositoryUri}}${{TrainerImage}}"}
        assert container["ContainerProperties"]["Image"] == named
        assert {"Name": "IMAGE", "Value": named} in container["ContainerProperties"]["Environment"]
        for target in TARGETS:
            given = template.content["Parameters"][parameter(target)]
            assert given["Default"] == ":not-pushed-yet"
            pattern = re.compile(given["AllowedPattern"])
            assert pattern.fullmatch(f"@sha256:{'0a' * 32}")
            assert not any(pattern.fullmatch(each) for each in (":trainer", ":latest", "", "@sha256:0a", "x@sha256:0a"))

    def test_jobs_fit_the_smallest_machine(self, template: Template) -> None:
        container = template.only("Batch::JobDefinition")["ContainerProperties"]
        asked = {each["Type"]: int(each["Value"]) for each in container["ResourceRequirements"]}
        assert asked == {"VCPU": 4, "MEMORY": 12_000, "GPU": 1}
        assert asked["MEMORY"] < 0.9 * 16 * 1024  # of a g4dn.xlarge
        assert container["LinuxParameters"]["SharedMemorySize"] == 2_048

    def test_git_token_is_passed_only_as_a_secret(self, template: Template) -> None:
        container = template.only("Batch::JobDefinition")["ContainerProperties"]
        assert container["Secrets"] == [
            {"Name": "GIT_TOKEN", "ValueFrom": {"Ref": next(iter(template.of_type("SecretsManager::Secret")))}}
        ]
        assert {each["Name"] for each in container["Environment"]} == {
            *("AWS_REGION", "AWS_DEFAULT_REGION", "IMAGE", "TRAINING_ROLE_ARN")
        }
        readers = [
            role
            for role in ("ProjectJobRole", "ProjectTrainingRole", "ProjectExecutionRole", "BotRole", "MachineRole")
            if "secretsmanager:GetSecretValue" in template.granted(role)
        ]
        assert readers == ["ProjectExecutionRole"]

    def test_logs_go_to_the_stacks_log_group(self, template: Template, deploy: Deploy) -> None:
        options = template.only("Batch::JobDefinition")["ContainerProperties"]["LogConfiguration"]["Options"]
        assert spelled(options["awslogs-group"]) == "<JobLog>"
        assert options["awslogs-stream-prefix"] == "mnist"
        assert options["mode"] == "blocking"
        group = template.only("Logs::LogGroup")
        assert (group["LogGroupName"], group["RetentionInDays"]) == ("/signalbox/jobs", deploy.log_days)


class TestData:
    def test_bucket_is_private_encrypted_and_retained(self, template: Template) -> None:
        [resource] = [each for each in template.resources.values() if each["Type"] == "AWS::S3::Bucket"]
        bucket = resource["Properties"]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}

    def test_unfinished_uploads_and_old_versions_expire(self, template: Template) -> None:
        rules = {each["Id"]: each for each in template.only("S3::Bucket")["LifecycleConfiguration"]["Rules"]}
        assert rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        old = {
            rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
            for rule in rules.values()
            if "NoncurrentVersionExpiration" in rule
        }
        assert old == {"jobs/": 3, "signalbox/": 30, "data/": 30}
        assert not any("ExpirationInDays" in rule for rule in rules.values())

    def test_bucket_requires_tls(self, template: Template) -> None:
        statements = template.only("S3::BucketPolicy")["PolicyDocument"]["Statement"]
        assert {each["Effect"] for each in statements} == {"Deny"}
        conditions = [each["Condition"] for each in statements]
        assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in conditions

    def test_images_are_scanned_and_their_tags_never_move(self, template: Template) -> None:
        images = template.only("ECR::Repository")
        assert images["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert images["EncryptionConfiguration"] == {"EncryptionType": "AES256"}
        assert images["EmptyOnDelete"] is True
        assert images["ImageTagMutability"] == "IMMUTABLE"

    def test_the_registry_deletes_no_image_that_may_run(self, template: Template) -> None:
        """Each that `push` made has a tag: only deploy/aws/old_images.py knows which of them run."""
        rules = json.loads(template.only("ECR::Repository")["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
        assert [each["selection"]["tagStatus"] for each in rules] == ["untagged"]

    def test_only_the_bucket_outlives_the_stack(self, template: Template) -> None:
        kept = [each["Type"] for each in template.resources.values() if each.get("DeletionPolicy") == "Retain"]
        assert kept == ["AWS::S3::Bucket"]


class TestEvents:
    def test_events_cover_our_queues_states_and_blockages(self, template: Template) -> None:
        pattern = template.only("Events::Rule")["EventPattern"]
        assert pattern["source"] == ["aws.batch"]
        assert pattern["detail-type"] == ["Batch Job State Change", "Batch Job Queue Blocked"]
        queues = {spelled(each) for each in pattern["detail"]["jobQueue"]}
        arn = "arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job-queue/signalbox-"
        assert queues == {f"{arn}{name}" for name in ("spot", "on-demand", "cpu")}

    def test_undeliverable_events_go_to_a_dead_letter_queue(self, template: Template) -> None:
        [target] = template.only("Events::Rule")["Targets"]
        assert spelled(target["DeadLetterConfig"]["Arn"]) == "<LostEvents.Arn>"
        queue = template.called("Events", "SQS::Queue")
        assert spelled(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "<LostEvents.Arn>"
        assert queue["ReceiveMessageWaitTimeSeconds"] == 20

    def test_event_queues_are_encrypted_and_require_tls(self, template: Template) -> None:
        assert all(queue["SqsManagedSseEnabled"] for queue in template.of_type("SQS::Queue").values())
        policies = template.of_type("SQS::QueuePolicy").values()
        assert len(policies) == 2
        for policy in policies:
            statements = policy["PolicyDocument"]["Statement"]
            assert any(
                each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
                for each in statements
            )
            [allowed] = [each for each in statements if each["Effect"] == "Allow"]
            assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
            assert spelled(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == "<JobEvents.Arn>"


def test_updates_renew_machine_images_and_wait_for_the_longest_job(template: Template) -> None:
    for name, each in template.resources.items():
        if each["Type"] == "AWS::Batch::ComputeEnvironment":
            assert each["Properties"]["ComputeResources"]["UpdateToLatestImageVersion"] is True, name
            policy = {"JobExecutionTimeoutMinutes": 120, "TerminateJobsOnUpdate": False}
            assert each["Properties"]["UpdatePolicy"] == policy, name


UNTAGGABLE = {
    "Budgets::Budget",
    "EC2::Route",
    "EC2::SubnetRouteTableAssociation",
    "EC2::VPCGatewayAttachment",
    "IAM::InstanceProfile",
    "IAM::ManagedPolicy",
    "IAM::Policy",
    "S3::BucketPolicy",
    "SQS::QueuePolicy",
}


def test_every_resource_is_tagged(template: Template) -> None:
    for name, resource in template.resources.items():
        kind = resource["Type"].removeprefix("AWS::")
        if kind in UNTAGGABLE:
            continue
        properties = resource["Properties"]
        tags = properties.get("Tags") or properties["TagSpecifications"][0]["Tags"]
        if isinstance(tags, list):
            tags = {tag["Key"]: tag["Value"] for tag in tags}
        assert tags["signalbox:stack"] == "signalbox", name
    for environment in template.of_type("Batch::ComputeEnvironment").values():
        assert environment["ComputeResources"]["Tags"]["signalbox:stack"] == "signalbox"
