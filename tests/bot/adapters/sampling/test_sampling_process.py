"""The sampling process for real, and processes in its place that misbehave."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from bot.adapters.sampling.parameter_importance import importance
from bot.adapters.sampling.sampling_process import COMMAND, ProcessSampler
from bot.adapters.sampling.sampling_requests import ASK, pack_request, unpack_request
from bot.adapters.sampling.suggest import ask
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.sweeps.halving import hopeless
from bot.errors import Unavailable
from tests.bot.adapters.sampling.goals import HIGHEST, LOWEST
from tests.bot.adapters.sampling.spaces import MIXED, alike, failed, history, planned, running

pytestmark = pytest.mark.slow

OTHER_PROCESSOR = ("env", "NPY_DISABLE_CPU_FEATURES=X86_V3 X86_V4", *COMMAND)
"""Numpy computes with the oldest instructions, as on an older processor: other last digits come out."""


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


def every_kind() -> list[Trial]:
    point = history(MIXED, 1)[0].parameters or {}
    pruned = replace(failed(20, point, EndReason.STOPPED), pruned_at=5.0, value=50.0, reports=((1, 40.0), (2, 50.0)))
    return [*history(MIXED, 20), pruned, running(21, point), failed(22, point), replace(running(23, point), value=1.5)]


class TestTheRealOne:
    @pytest.mark.parametrize("command", [COMMAND, OTHER_PROCESSOR], ids=["this processor", "another"])
    async def test_answers_as_in_process(self, command: tuple[str, ...]) -> None:
        trials = every_kind()
        async with ProcessSampler(command=command) as sampler:
            points, shares = await asyncio.gather(
                sampler.ask(planned(), trials, 3, HIGHEST), sampler.importance(planned(), trials, HIGHEST)
            )
        assert points == alike(ask(planned(), trials, 3, HIGHEST))
        expected = importance(planned(), trials, HIGHEST)
        assert shares == pytest.approx(expected)
        assert list(shares) == list(expected)

    async def test_no_process_is_there_before_it_is_needed_nor_after_the_end(self) -> None:
        before = children()
        async with ProcessSampler() as sampler:
            assert await sampler.hopeless(planned(), every_kind(), HIGHEST) == []
            assert children() == before
            await sampler.ask(planned(), [], 1, HIGHEST)
            assert len(children() - before) == 1
        assert children() == before

    async def test_it_ends_when_nobody_asks_and_is_there_again(self) -> None:
        before = children()
        async with ProcessSampler(command=(*COMMAND, "0.05")) as sampler:
            first = await sampler.ask(planned(), [], 1, HIGHEST)
            while children() - before:
                await asyncio.sleep(0.01)
            assert await sampler.ask(planned(), [], 1, HIGHEST) == alike(first)

    async def test_is_replaced_when_it_was_killed(self) -> None:
        before = children()
        async with ProcessSampler() as sampler:
            first = await sampler.ask(planned(), [], 1, HIGHEST)
            (worker,) = children() - before
            psutil.Process(worker).kill()
            assert await sampler.ask(planned(), [], 1, HIGHEST) == alike(first)

    async def test_what_optuna_cannot_do_is_told(self) -> None:
        broken = planned((replace(MIXED[0], low=2.0),))
        async with ProcessSampler() as sampler:
            with pytest.raises(Unavailable, match="sampling failed: ValueError"):
                await sampler.ask(broken, [], 1, HIGHEST)
            assert await sampler.ask(planned(), [], 1, HIGHEST)

    def test_optuna_stays_out_of_the_bot(self) -> None:
        module = "bot.adapters.sampling.sampling_process"
        code = f"import sys, {module}; print([m for m in ('optuna', 'numpy') if m in sys.modules])"
        out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        assert out == "[]\n"

    async def test_it_prints_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        async with ProcessSampler() as sampler:
            await sampler.ask(planned(), every_kind(), 2, HIGHEST)
            await sampler.importance(planned(), history(MIXED, 12), HIGHEST)
        assert capfd.readouterr().err == ""


async def test_one_that_hangs_is_killed() -> None:
    before = children()
    async with ProcessSampler(seconds=0.2, command=(sys.executable, "-c", "import time; time.sleep(600)")) as sampler:
        with pytest.raises(Unavailable, match=r"sampling took longer than 0\.2 s"):
            await sampler.ask(planned(), [], 1, HIGHEST)
        assert children() == before


async def test_hopeless_is_by_halving() -> None:
    reports = ((1, 1.0), (2, 1.0))
    trials = [
        Trial(n, state=JobState.RUNNING, reports=tuple((e, v + n) for e, v in reports), epochs=10) for n in range(4)
    ]
    async with ProcessSampler() as sampler:
        found = await sampler.hopeless(planned(), trials, HIGHEST)
    assert found == hopeless(planned(), trials, HIGHEST) == [0, 1]


def test_the_wire_carries_what_sampling_looks_at() -> None:
    trials, plan = every_kind(), planned(folds=2)
    frame = pack_request(ASK, plan, trials, 3, LOWEST)
    head = frame[16:]
    what, got, back, count, goal = unpack_request(head)
    assert (what, got, count, goal) == (ASK, plan, 3, LOWEST)
    points = ask(got, back, 2, HIGHEST)
    assert points == alike(ask(plan, trials, 2, HIGHEST))
    assert [trial.shown for trial in back] == [trial.shown for trial in trials]
