"""Compute environments that scale to zero without jobs, and a job queue for each.

https://docs.aws.amazon.com/batch/latest/userguide/compute_environments.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Tags
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from bot.config.deploy import Deploy
from deploy.aws.stack.inputs import Inputs
from deploy.aws.stack.machine_userdata import user_data
from deploy.aws.stack.network import Network

_NVIDIA, _PLAIN = batch.EcsMachineImageType.ECS_AL2023_NVIDIA, batch.EcsMachineImageType.ECS_AL2023


@dataclass(frozen=True, slots=True)
class Machines:
    """One compute environment and its queue. `kind` is its name in `[deploy.jobs.<project>] queue`."""

    kind: str
    instances: Sequence[str]
    max_vcpus: int
    spot: bool
    image: batch.EcsMachineImageType
    priority: int


def queues(
    scope: Construct, deploy: Deploy, network: Network, role: iam.Role, inputs: Inputs
) -> dict[str, batch.JobQueue]:
    """Create the queues; by kind: spot, on-demand, cpu. `role` is the machines'."""
    template = _launch_template(scope, deploy)
    created = {}
    for machines in (
        Machines("on-demand", deploy.on_demand_instances, deploy.on_demand_max_vcpus, False, _NVIDIA, 20),
        Machines("spot", deploy.spot_instances, deploy.spot_max_vcpus, True, _NVIDIA, 10),
        Machines("cpu", deploy.cpu_instances, deploy.cpu_max_vcpus, True, _PLAIN, 5),
    ):
        if machines.kind not in inputs.instances:
            continue
        environment = _environment(scope, machines, network, template, role, inputs)
        Tags.of(environment).add("Name", f"{deploy.stack}-{machines.kind}")
        queue = _queue(scope, machines, environment, deploy)
        if machines.kind in inputs.conditions:
            for each in (environment, queue):
                each.node.default_child.cfn_options.condition = inputs.conditions[machines.kind]
        created[machines.kind] = queue
    return created


def _environment(
    scope: Construct,
    machines: Machines,
    network: Network,
    template: ec2.LaunchTemplate,
    role: iam.Role,
    inputs: Inputs,
) -> batch.ManagedEc2EcsComputeEnvironment:
    strategy = batch.AllocationStrategy
    environment = batch.ManagedEc2EcsComputeEnvironment(
        scope,
        f"{_camel(machines.kind)}Machines",
        vpc=network.vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        security_groups=[network.outward],
        minv_cpus=0,
        maxv_cpus=machines.max_vcpus,
        spot=machines.spot,
        allocation_strategy=strategy.SPOT_PRICE_CAPACITY_OPTIMIZED if machines.spot else strategy.BEST_FIT_PROGRESSIVE,
        instance_types=[ec2.InstanceType(name) for name in machines.instances],
        use_optimal_instance_classes=False,
        images=[batch.EcsMachineImage(image_type=machines.image)],
        launch_template=template,
        instance_role=role,
        # "AWS Batch doesn't upgrade the AMIs" of a compute environment by itself; with this, each update does.
        # https://docs.aws.amazon.com/batch/latest/userguide/updating-compute-environments.html
        update_to_latest_image_version=True,
        terminate_on_update=False,
    )
    overrides = {
        "ComputeResources.InstanceTypes": inputs.instances[machines.kind],
        # Otherwise Batch keeps using the launch template's first version.
        "ComputeResources.LaunchTemplate.Version": template.latest_version_number,
        # The default ends running jobs after 30 minutes.
        "UpdatePolicy.JobExecutionTimeoutMinutes": inputs.update_minutes,
    }
    for place, value in overrides.items():
        environment.node.default_child.add_property_override(place, value)
    return environment


def _queue(
    scope: Construct, machines: Machines, environment: batch.ManagedEc2EcsComputeEnvironment, deploy: Deploy
) -> batch.JobQueue:
    reason = batch.JobStateTimeLimitActionsReason
    limits = {
        reason.COMPUTE_ENVIRONMENT_MAX_RESOURCE: deploy.stuck_minutes,
        reason.JOB_RESOURCE_REQUIREMENT: deploy.stuck_minutes,
        reason.INSUFFICIENT_INSTANCE_CAPACITY: deploy.no_capacity_minutes,
    }
    return batch.JobQueue(
        scope,
        f"{_camel(machines.kind)}Queue",
        job_queue_name=f"{deploy.stack}-{machines.kind}",
        priority=machines.priority,
        compute_environments=[batch.OrderedComputeEnvironment(compute_environment=environment, order=1)],
        job_state_time_limit_actions=[
            batch.JobStateTimeLimitAction(reason=reason, max_time=Duration.minutes(minutes))
            for reason, minutes in limits.items()
        ],
    )


def _launch_template(scope: Construct, deploy: Deploy) -> ec2.LaunchTemplate:
    disk = ec2.BlockDeviceVolume.ebs(
        deploy.disk_gib, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3, delete_on_termination=True
    )
    return ec2.LaunchTemplate(
        scope,
        "MachineTemplate",
        require_imdsv2=True,
        # Jobs run in the host's network, so not this limit but the user data keeps them from the machine's metadata.
        # https://docs.aws.amazon.com/batch/latest/userguide/networking-modes-jobs.html
        http_put_response_hop_limit=1,
        block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=disk)],
        user_data=user_data(),
    )


def _camel(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("-"))
