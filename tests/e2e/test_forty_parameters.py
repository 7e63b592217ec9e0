"""A project of forty parameters on the sandbox, by `/train`, `/retry` and `/sweep` to the command that gets them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.demo.view import text_of
from tests.e2e.sweeps import Stage, stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAM = '''
"""Writes down how it was called."""
import json
import os
import sys
from trainer import report

report(epoch=1, epochs=1, val_accuracy=50.0)
with open(os.path.join(os.environ["OUTPUT_DIR"], "called.json"), "w") as file:
    json.dump(sys.argv[1:], file)
'''
PARAMETERS: dict[str, Any] = {
    **{f"p{number}": {"type": "float", "default": 0.5, "min": 0.0, "max": 1000.0} for number in range(37)},
    "note": {"type": "string", "default": "nothing"},
    "optimizer": {"type": "choice", "choices": ["sgd", "adam"], "default": "sgd", "option": False},
    "augment": {"type": "boolean", "default": True, "option": False},
}


@pytest.mark.exhaustive
async def test_forty_parameters_reach_the_command(tmp_path: Path) -> None:
    async with stage(tmp_path, PROGRAM, PARAMETERS) as lab:
        commands = {each["name"]: [o["name"] for o in each.get("options", [])] for each in await lab.mika.commands()}
        assert "p0" in commands["train"]
        assert not {"p36", "note", "optimizer"} & set(commands["train"])

        assert "p36 must be a number from 0 to 1000" in (await lab.said("/train set:p36=2000")).replace("`", "")
        assert 'There is no parameter "p37".' in await lab.said("/train set:p37=1")

        typed = '/train p0:7 set:p36=1e-3, note="two words, x=1" optimizer=ADAM augment=no p35:1_000 branch:main'
        job = await lab.start(typed)
        words = await _end(lab, job)
        assert _flags(words, "p0", "p36", "p35", "p34") == ["7.0", "0.001", "1000.0", "0.5"]
        assert _flags(words, "note", "optimizer") == ["two words, x=1", "adam"]
        assert "--no-augment" in words
        card = text_of(lab.view.card(job) or {})
        assert "p36 0.001 ·" in card, "what was set is on the card"

        again = await lab.start(f'/retry job:{job} set:p36=5 note=""')
        assert _flags(await _end(lab, again), "p0", "p36", "optimizer", "note") == ["7.0", "5.0", "adam", ""]

        sweep = await lab.start("/sweep space:p1=1,2 set:p36=9 augment=off")
        await lab.end(sweep)
        for number, value in enumerate(("1.0", "2.0")):
            words = _called(lab, f"{sweep}/{number}")
            assert _flags(words, "p1", "p36", "p0") == [value, "9.0", "0.5"]
            assert "--no-augment" in words


async def _end(lab: Stage, job: str) -> list[str]:
    """How the command was called."""
    await lab.end(job)
    assert len(json.loads(_stored(lab, f"{job}/manifest.json"))["parameters"]) == 40
    return _called(lab, job)


def _called(lab: Stage, where: str) -> list[str]:
    return list(json.loads(_stored(lab, f"{where}/artifacts/called.json")))


def _stored(lab: Stage, key: str) -> bytes:
    bucket = lab.sandbox.ready["aws"]["bucket"]
    return bytes(lab.aws.s3.get_object(Bucket=bucket, Key=f"jobs/lab/{key}")["Body"].read())


def _flags(words: Sequence[str], *names: str) -> list[str]:
    return [words[words.index(f"--{name}") + 1] for name in names]
