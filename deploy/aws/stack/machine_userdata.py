"""What a machine does before it takes its first job: ECS starts after cloud-init has run these commands.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bootstrap_container_instance.html
"""

from aws_cdk import aws_ec2 as ec2

STOP_SECONDS = 30
"""From SIGTERM to SIGKILL: the time that the trainer has for its last upload."""

_AGENT = (
    f"echo ECS_CONTAINER_STOP_TIMEOUT={STOP_SECONDS}s >> /etc/ecs/ecs.config",
    # No new job starts on a machine that AWS is about to reclaim.
    "echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config",
)
_NOT_ROOT = "-m owner ! --uid-owner 0 -j REJECT"
# Jobs are in the machine's network, so these addresses are theirs too. Training code is not root, and the entrypoint,
# which looks for spot notices, is. The rule is AWS's own advice:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-limiting-access.html
# The port is the ECS agent's: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-introspection.html
# Credentials of tasks (169.254.170.2) stay: each has an address that only its own container knows.
# Assumption: metadata-by-uid.
_RULES = (
    f"iptables -I OUTPUT -d 169.254.169.254 {_NOT_ROOT}",
    f"ip6tables -I OUTPUT -d fd00:ec2::254 {_NOT_ROOT}",
    f"iptables -I OUTPUT -d 127.0.0.0/8 -p tcp --dport 51678 {_NOT_ROOT}",
)


def user_data() -> ec2.MultipartUserData:
    """A machine on which a rule cannot be set shuts down instead of taking jobs."""
    commands = ec2.UserData.for_linux()
    commands.add_commands(*_AGENT, *(f"{rule} || shutdown -h now" for rule in _RULES))
    parts = ec2.MultipartUserData()  # Batch adds its own part
    parts.add_user_data_part(commands)
    return parts
