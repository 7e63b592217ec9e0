"""What the host does at its first start: mount the data volume, and run the bot under systemd."""

from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2

MOUNT = "/var/lib/signalbox"

_PREPARE = """\
#!/bin/bash
# Before each start of the bot: the newest config and token. Another image comes with another machine.
set -euo pipefail
umask 077
mkdir -p /run/signalbox
aws s3 cp --only-show-errors --region {region} {config_uri} /run/signalbox/config.toml
chown 1000 /run/signalbox/config.toml
token=$(aws secretsmanager get-secret-value --region {region} --secret-id {token_secret} \
--query SecretString --output text)
echo "DISCORD_TOKEN=$token" > /run/signalbox/environment
aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {registry}
docker pull --quiet {image}
"""
# With the host's network: from a bridge, Docker's default, a hop limit of 1 would hide the instance's role. (Batch runs
# jobs in the host's network in any case: compute.py.)
_UNIT = """\
[Unit]
Description=Signalbox
Requires=docker.service
After=docker.service network-online.target
Wants=network-online.target
RequiresMountsFor={mount}
StartLimitIntervalSec=0

[Service]
ExecStartPre=/usr/local/sbin/signalbox-prepare
ExecStart=/usr/bin/docker run --rm --name signalbox --network host --env-file /run/signalbox/environment \
--cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp --pids-limit 512 \
--volume {mount}:{data_dir} --volume /run/signalbox/config.toml:/etc/signalbox/config.toml:ro {image}
ExecStop=/usr/bin/docker stop --time 30 signalbox
Restart=always
RestartSec=15
TimeoutStartSec=600
TimeoutStopSec=45

[Install]
WantedBy=multi-user.target
"""
_VOLUME = """\
until aws ec2 attach-volume --region {region} --volume-id {volume_id} --device /dev/sdf \
--instance-id "$(ec2-metadata --quiet --instance-id)"; do sleep 10; done
until [ -e /dev/sdf ]; do sleep 2; done
blkid /dev/sdf || mkfs.xfs -L signalbox /dev/sdf
mkdir -p {mount}
echo 'LABEL=signalbox {mount} xfs defaults,nofail 0 2' >> /etc/fstab
until mount {mount}; do sleep 2; done
chown 1000:1000 {mount}
"""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """`registry` is the host part of `image`; `data_dir` is a path in the container."""

    image: str
    registry: str
    config_uri: str
    token_secret: str
    volume_id: str
    data_dir: str


def user_data(settings: HostSettings) -> ec2.UserData:
    values = {name: getattr(settings, name) for name in HostSettings.__slots__} | {"region": Aws.REGION, "mount": MOUNT}
    data = ec2.UserData.for_linux()
    data.add_commands(
        "dnf install --assumeyes docker",
        "systemctl enable --now docker",
        _VOLUME.format(**values),
        _file("/usr/local/sbin/signalbox-prepare", _PREPARE.format(**values)),
        "chmod 755 /usr/local/sbin/signalbox-prepare",
        _file("/etc/systemd/system/signalbox.service", _UNIT.format(**values)),
        "systemctl daemon-reload",
        "systemctl enable --now --no-block signalbox",
    )
    return data


def _file(path: str, content: str) -> str:
    return f"cat > {path} <<'END_OF_FILE'\n{content}END_OF_FILE"
