"""Sizes by name, and whether a job fits on a queue's machines at all."""

import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPES

from bot.adapters.aws.machine_sizes import gpus, job_memory, too_small, vcpus
from bot.adapters.aws.probe.batch import definition_check, queue_check
from bot.adapters.aws.probe.image import image_check
from bot.adapters.aws.probe.quota import quota_check
from bot.domain.money.last_resort import ON_DEMAND_USD
from bot.services.running.doctor import Level
from tests.bot.adapters.aws.probe.answers import PROJECT, Asked, found, made_batch, quotas_of


@pytest.mark.parametrize(
    ("name", "cores", "cards"),
    [
        ("m7i.large", 2, 0),
        ("c7i-flex.xlarge", 4, 0),
        ("g4dn.xlarge", 4, 1),
        ("g5.16xlarge", 64, 1),
        ("g5.12xlarge", 48, 4),
        ("p4d.24xlarge", 96, 8),
        ("g4dn.metal", 0, None),
        ("g5", 0, None),
        ("p6-b200.48xlarge", 192, None),
        ("optimal", 0, 0),
        ("t3.micro", 0, 0),
    ],
)
def test_size(name: str, cores: int, cards: int | None) -> None:
    assert (vcpus(name), gpus(name)) == (cores, cards)


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("g4dn.xlarge", 16),
        ("g5.12xlarge", 192),
        ("g6e.2xlarge", 64),
        ("p3.2xlarge", 61),
        ("p4d.24xlarge", 1_152),
        ("m7i.large", 8),
        ("c7i-flex.xlarge", 8),
        ("r6i.4xlarge", 128),
        ("c4.xlarge", 7.5),
        ("r4.xlarge", 30.5),
        ("g5", 768),
        ("m6i", 192),
        ("m3.xlarge", 0),
        ("t3.micro", 0),
        ("x2iedn.xlarge", 0),
        ("p6-b200.48xlarge", 0),
        ("optimal", 0),
    ],
)
def test_memory_for_a_job_is_less_than_the_machine_has(name: str, gib: float) -> None:
    """https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html and its neighbours have the sizes."""
    assert job_memory(name) == int(gib * 1_024 * 0.92)


def test_memory_against_what_ec2_says_of_its_types() -> None:
    """moto has the answers of DescribeInstanceTypes, recorded."""
    installed = {name: int(each["MemoryInfo"]["SizeInMiB"]) for name, each in INSTANCE_TYPES.items()}
    known = {name: size for name, size in installed.items() if job_memory(name)}
    assert len(known) > 800
    assert [name for name, size in known.items() if not 0.6 * size < job_memory(name) <= 0.93 * size] == []
    families: dict[str, int] = {}
    for name, size in installed.items():
        families[name.partition(".")[0]] = max(size, families.get(name.partition(".")[0], 0))
    assert [family for family, size in families.items() if job_memory(family) > 0.93 * size] == []


def test_what_a_job_can_ask_for_fits_on_the_machines_that_people_have_measured() -> None:
    """An m4.large offers 7,985 MiB less 32 (memory-management.html), a machine of 32 GiB 31,431."""
    assert job_memory("m4.large") < 7_985 - 32
    assert job_memory("m5.2xlarge") < 31_431


@pytest.mark.parametrize(
    ("types", "cores", "cards", "lack"),
    [
        (["g4dn.xlarge", "g5.xlarge"], 4, 1, ""),
        (["m7i.xlarge", "m6a.xlarge"], 4, 1, "a job needs 1 GPU"),
        (["g5.xlarge", "g6.16xlarge"], 4, 2, "a job needs 2 GPUs"),
        (["g5.xlarge", "g5.12xlarge"], 4, 2, ""),
        (["g4dn.xlarge", "g5.xlarge"], 8, 1, "a job needs 8 vCPUs"),
        (["g4dn.xlarge", "g5"], 8, 4, ""),
        ([], 4, 1, ""),
    ],
)
def test_a_job_that_no_machine_takes(types: list[str], cores: float, cards: int, lack: str) -> None:
    assert too_small(types, cores, cards) == lack


@pytest.mark.parametrize(
    ("types", "cores", "named"),
    [(["m7i.xlarge"], "4", "a job needs 1 GPU, and none"), (["g4dn.xlarge"], "8", "a job needs 8 vCPUs, and none")],
)
async def test_the_doctor_says_that_it_can_never_start(types: list[str], cores: str, named: str) -> None:
    batch = made_batch(("SPOT", types), vcpus=cores)
    finding = await found(queue_check(batch, PROJECT, "us-east-1"))
    assert (finding.level, named in finding.found) == (Level.BAD, True), finding
    assert "deploy.jobs.mnist (queue, vcpus, gpus)" in finding.advice


@pytest.mark.parametrize("other", ["ecsProperties", "nodeProperties", "eksProperties", "nothing in their place"])
async def test_a_definition_without_a_single_container_is_named(other: str) -> None:
    """Its containers are described elsewhere, where the bot's overrides don't reach."""
    definition = {"revision": 1, other: {"some": "properties"}}
    batch = Asked(describe_job_definitions={"jobDefinitions": [definition]})
    finding = await found(definition_check(batch, PROJECT, "us-east-1"))
    assert (finding.level, f"no containerProperties, but {other}" in finding.found) == (Level.BAD, True), finding
    image = await found(image_check(batch, Asked(), PROJECT))
    assert image.level is Level.NOTE


@pytest.mark.parametrize(
    ("kind", "name", "code", "wanted"),
    [
        ("EC2", "p3.2xlarge", "L-417A185B", 16),
        ("EC2", "p5.48xlarge", "L-417A185B", 384),
        ("SPOT", "p4d.24xlarge", "L-7212CCBC", 192),
        ("SPOT", "p5.4xlarge", "L-C4BD4855", 32),
    ],
)
async def test_p_machines_have_quotas_of_their_own(kind: str, name: str, code: str, wanted: int) -> None:
    quotas = quotas_of(**{code.replace("-", "_"): 0.0})
    finding = await found(quota_check(made_batch((kind, [name])), quotas, PROJECT, "us-east-1"))
    assert finding.level is Level.BAD
    assert f"--quota-code {code} --desired-value {wanted} " in finding.advice
    assert finding.advice.endswith("A new account has 0.")


@pytest.mark.parametrize(
    ("name", "usd"), [("m7i.xlarge", 0.2016), ("m7i.large", 0.1008), ("m6a.2xlarge", 0.3456), ("g5.48xlarge", 16.288)]
)
def test_price_of_a_size(name: str, usd: float) -> None:
    assert ON_DEMAND_USD[name] == pytest.approx(usd)
