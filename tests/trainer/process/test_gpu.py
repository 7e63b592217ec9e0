"""What the entrypoint measures of the GPUs, with a program in place of `nvidia-smi`."""

import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.clock import Clock
from trainer.contract import parse_metrics, parse_trouble
from trainer.gpu_line import GpuUse, format_gpu, parse_gpu
from trainer.process import console
from trainer.process.gpu import QUERY, GpuWatch
from trainer.process.tools import Output, Programs


class NvidiaSmi(Programs):
    """Answers with what a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.answer: Output | Exception = Output(0, "0, 0\n", "")

    def run(self, arguments: Sequence[str], **_: Any) -> Output:
        assert tuple(arguments) == QUERY
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def says(self, text: str) -> None:
        self.answer = Output(0, text, "")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    written: list[str] = []
    monkeypatch.setattr(console, "emit", written.append)
    return written


def sample(watch: GpuWatch, clock: Clock, minutes: float) -> None:
    for _ in range(round(minutes * 4)):
        clock.tick(15)
        watch.sample()


def test_each_minute_one_line_says_how_long_all_gpus_have_been_idle(lines: list[str]) -> None:
    smi, clock = NvidiaSmi(), Clock()
    watch = GpuWatch(smi, clock)
    smi.says("0, 3\n2, 4096\n")
    sample(watch, clock, 2)
    assert [parse_gpu(line) for line in lines] == [GpuUse(2, 4096, 60, False), GpuUse(2, 4096, 120, False)]
    smi.says("0, 3\n97, 4096\n")
    sample(watch, clock, 0.25)
    smi.says("0, 3\n0, 4096\n")
    sample(watch, clock, 0.75)
    assert parse_gpu(lines[-1]) == GpuUse(97, 4096, 45, used=True)


@pytest.mark.parametrize(
    "answer",
    [
        FileNotFoundError("nvidia-smi"),
        Output(9, "", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."),
        Output(0, "[N/A], [N/A]\n", ""),
        Output(0, "[Not Supported], 1024\n", ""),
        Output(0, "No devices were found\n", ""),
        subprocess.TimeoutExpired("nvidia-smi", 10),
        PermissionError("nvidia-smi"),
    ],
)
def test_where_there_is_nothing_to_measure_it_is_given_up_without_a_line(
    lines: list[str], answer: Output | Exception
) -> None:
    smi, clock = NvidiaSmi(), Clock()
    smi.answer = answer
    sample(GpuWatch(smi, clock), clock, 10)
    assert lines == []
    assert smi.asked <= 3


def test_a_driver_that_fails_once_is_asked_again(lines: list[str]) -> None:
    smi, clock = NvidiaSmi(), Clock()
    watch = GpuWatch(smi, clock)
    smi.answer = subprocess.TimeoutExpired("nvidia-smi", 10)
    sample(watch, clock, 0.5)
    smi.says("50, 1024\n")
    sample(watch, clock, 1)
    assert parse_gpu(lines[0]) == GpuUse(50, 1024, 0, used=True)


@pytest.mark.parametrize(
    "line",
    [
        "",
        '@signalbox {"error": "commit-not-found", "message": "x"}',
        '@signalbox {"gpu"',
        '@signalbox {"gpu": 3}',
        '@signalbox {"gpu": {"percent": "x", "memory_mib": 1, "idle_seconds": 1, "used": true}}',
        '@signalbox {"gpu": {"percent": 1, "memory_mib": 1, "idle_seconds": NaN, "used": true}}',
        '@signalbox {"gpu": {"percent": 1e999, "memory_mib": 1, "idle_seconds": 1, "used": true}}',
        '@signalbox {"gpu": ' + "[" * 5_000,
        ' @signalbox {"gpu": {"percent": 1, "memory_mib": 1, "idle_seconds": 1, "used": true}}',
    ],
)
def test_any_other_line_is_no_measurement(line: str) -> None:
    assert parse_gpu(line) is None


def test_the_line_means_nothing_to_the_other_readers() -> None:
    line = format_gpu(GpuUse(3, 1024, 240, used=True))
    assert parse_gpu(line) == GpuUse(3, 1024, 240, used=True)
    assert parse_metrics(line) is None
    assert parse_trouble(line) is None
