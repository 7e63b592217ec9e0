import re
import socket

import pytest

from trainer.run.ports import VARIABLES, free_ports


def test_two_jobs_on_one_machine_get_different_free_ports() -> None:
    first, second = free_ports({}), free_ports({})
    assert len(set(first.values()) | set(second.values())) == 2
    for port in (first["MASTER_PORT"], second["MASTER_PORT"]):
        with socket.socket() as probe:
            probe.bind(("", int(port)))


@pytest.mark.parametrize("name", VARIABLES)
def test_a_port_of_the_image_counts(name: str) -> None:
    assert free_ports({name: "4711"}) == dict.fromkeys(VARIABLES, "4711")


def test_torchrun_takes_the_port() -> None:
    """Its parser, as installed: the default of --master-port comes from PET_MASTER_PORT."""
    run = pytest.importorskip("torch.distributed.run")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in free_ports({}).items():
            patch.setenv(name, value)
        parsed = run.parse_args(["train.py"])
        assert re.fullmatch(r"\d+", str(parsed.master_port))
        assert str(parsed.master_port) == free_ports({"MASTER_PORT": str(parsed.master_port)})["PET_MASTER_PORT"]
        assert parsed.master_port != 29500
