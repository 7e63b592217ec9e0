"""A machine for the bot, if the config asks for one. It is replaced when it fails; its data volume stays.

Nothing listens on it. Log in with SSM: `aws ssm start-session --target <instance>`.
"""

from pathlib import PurePosixPath

from aws_cdk import Aws, Duration, Fn, RemovalPolicy, Size, Tags
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_dlm as dlm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bot.config.loading import Config
from deploy.aws.outputs import Output
from deploy.aws.stack.host_userdata import HostSettings, user_data
from deploy.aws.stack.nag import explain, explain_managed, explain_wildcard
from deploy.aws.stack.network import Network
from deploy.aws.stack.storage import Storage

DATA_GIB = 8
KEPT_SNAPSHOTS = 7
VOLUME_TAG = "signalbox:volume"
_HOME = PurePosixPath("/home/signalbox")
"""The working directory in the bot's image, to which data_dir is relative."""
_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"


def host(scope: Construct, config: Config, network: Network, storage: Storage, bot: iam.Role) -> dict[str, str]:
    """Create the host; its outputs. None if the config asks for no host."""
    if config.deploy.host == "none":
        return {}
    token = secretsmanager.Secret(
        scope,
        "DiscordToken",
        secret_name=f"{config.deploy.stack}/discord-token",
        description="The bot's Discord token",
    )
    explain(token, "SMG4", "The token comes from Discord's portal: AWS cannot rotate it.")
    volume = _volume(scope, config.deploy.stack, network.zones[0])
    _snapshots(scope, config.deploy.stack)
    _allow(bot, config.deploy.stack, storage, token, volume)
    settings = HostSettings(
        image=storage.image("bot"),
        registry=Fn.select(0, Fn.split("/", storage.images_uri)),
        config_uri=f"s3://{storage.bucket.bucket_name}/signalbox/{config.bot.name}/config.toml",
        token_secret=token.secret_arn,
        volume_id=volume.volume_id,
        data_dir=str(_HOME / config.bot.data_dir),
    )
    group = _group(scope, config.deploy.host, network, bot, user_data(settings))
    Tags.of(group).add("Name", f"{config.deploy.stack}-bot")
    Tags.of(group).add(VOLUME_TAG, config.deploy.stack)
    return {Output.DISCORD_TOKEN_SECRET: token.secret_name, Output.HOST_GROUP: group.auto_scaling_group_name}


def _volume(scope: Construct, stack: str, zone: str) -> ec2.Volume:
    """The data volume, which outlives its machine and the stack."""
    volume = ec2.Volume(
        scope,
        "Data",
        availability_zone=zone,
        size=Size.gibibytes(DATA_GIB),
        volume_type=ec2.EbsDeviceVolumeType.GP3,
        encrypted=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    Tags.of(volume).add(VOLUME_TAG, stack)
    return volume


def _snapshots(scope: Construct, stack: str) -> None:
    """Daily snapshots, kept for a week: https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lifecycle.html"""
    policy = "service-role/AWSDataLifecycleManagerServiceRole"
    role = iam.Role(
        scope,
        "SnapshotRole",
        assumed_by=iam.ServicePrincipal("dlm.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
    )
    explain_managed(role, policy, "AWS prescribes this policy for its own snapshot service.")
    dlm.CfnLifecyclePolicy(
        scope,
        "Snapshots",
        description=f"Bot data of {stack}",
        state="ENABLED",
        execution_role_arn=role.role_arn,
        policy_details=dlm.CfnLifecyclePolicy.PolicyDetailsProperty(
            resource_types=["VOLUME"],
            target_tags=[{"key": VOLUME_TAG, "value": stack}],
            schedules=[
                dlm.CfnLifecyclePolicy.ScheduleProperty(
                    name="daily",
                    copy_tags=True,
                    create_rule=dlm.CfnLifecyclePolicy.CreateRuleProperty(
                        interval=24, interval_unit="HOURS", times=["03:00"]
                    ),
                    retain_rule=dlm.CfnLifecyclePolicy.RetainRuleProperty(count=KEPT_SNAPSHOTS),
                )
            ],
        ),
    )


def _allow(bot: iam.Role, stack: str, storage: Storage, token: secretsmanager.Secret, volume: ec2.Volume) -> None:
    """Allow what the machine does for the bot: pull its image, read its token, attach its volume, use SSM."""
    bot.assume_role_policy.add_statements(
        iam.PolicyStatement(actions=["sts:AssumeRole"], principals=[iam.ServicePrincipal("ec2.amazonaws.com")])
    )
    policy = "AmazonSSMManagedInstanceCore"
    bot.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(policy))
    explain_managed(bot, policy, "The permissions that the SSM agent needs change with its versions.")
    storage.images.grant_pull(bot)
    token.grant_read(bot)
    ec2_arn = f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}:{Aws.ACCOUNT_ID}"
    condition = {"StringEquals": {f"aws:ResourceTag/{VOLUME_TAG}": stack}}
    places = [f"{ec2_arn}:instance/*", f"{ec2_arn}:volume/{volume.volume_id}"]
    bot.add_to_policy(iam.PolicyStatement(actions=["ec2:AttachVolume"], resources=places, conditions=condition))
    explain_wildcard(
        bot, places[0], "The machine's id is unknown before it starts; the condition on its tag limits this to ours."
    )


def _group(
    scope: Construct, instance_type: str, network: Network, bot: iam.Role, data: ec2.UserData
) -> autoscaling.AutoScalingGroup:
    """One machine in the volume's zone. The old one ends before the new one starts: only one can attach the volume."""
    kind = ec2.InstanceType(instance_type)
    arm = kind.architecture == ec2.InstanceArchitecture.ARM_64
    image = _IMAGE.format(architecture="arm64" if arm else "x86_64")
    disk = ec2.BlockDeviceVolume.ebs(16, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3)
    template = ec2.LaunchTemplate(
        scope,
        "HostTemplate",
        instance_type=kind,
        machine_image=ec2.MachineImage.resolve_ssm_parameter_at_launch(image),
        role=bot,
        security_group=network.outward,
        require_imdsv2=True,
        http_put_response_hop_limit=1,
        associate_public_ip_address=True,
        block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=disk)],
        user_data=data,
    )
    group = autoscaling.AutoScalingGroup(
        scope,
        "Host",
        vpc=network.vpc,
        vpc_subnets=ec2.SubnetSelection(subnets=[network.vpc.public_subnets[0]]),
        launch_template=template,
        min_capacity=0,
        max_capacity=1,
        desired_capacity=1,
        update_policy=autoscaling.UpdatePolicy.rolling_update(
            max_batch_size=1, min_instances_in_service=0, pause_time=Duration.minutes(0)
        ),
    )
    explain(group, "AS3", "One machine that is replaced when it fails: there is nobody to notify.")
    return group
