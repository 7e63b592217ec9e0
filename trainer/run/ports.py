"""A free port for processes that talk to each other.

Batch's jobs on EC2 share the machine's network, so two jobs on one machine would collide on PyTorch's default, 29500:
https://docs.aws.amazon.com/batch/latest/userguide/networking-modes-jobs.html
"""

import socket
from collections.abc import Mapping

VARIABLES = ("MASTER_PORT", "PET_MASTER_PORT")
"""Read by `torch.distributed` and by torchrun, whose options have defaults in variables that begin with PET_:
https://github.com/pytorch/pytorch/blob/main/torch/distributed/argparse_util.py"""


def free_ports(environment: Mapping[str, str]) -> dict[str, str]:
    """Both variables with one free port. A port that the image or the job has set counts instead."""
    given = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    port = given or _free_port()
    return dict.fromkeys(VARIABLES, port) | {name: environment[name] for name in VARIABLES if environment.get(name)}


def _free_port() -> str:
    """The kernel's choice. Another process may take it before the command does, which is unlikely: it chooses anew."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return str(probe.getsockname()[1])
