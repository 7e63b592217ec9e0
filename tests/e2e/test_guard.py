"""The guard in the sandbox: a hung job is stopped; one whose loss is NaN goes on, because somebody says to leave it."""

import pytest

from bench.stages.foreign_code import Code, foreign_stage
from bench.stages.sandbox import SandboxStage
from deploy.sandbox.demo.view import Json, View, buttons, text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

HANGS = """
import time
print("epoch 1")
time.sleep(600)
"""
NAN = """
import time
for step in range(600):
    print('@metrics {"step": %d, "train_loss": %s}' % (step, "NaN" if step > 5 else "0.5"), flush=True)
    time.sleep(0.1)
"""
GUARD = {"silent_minutes": 0.15, "grace_minutes": 0.3}
PATIENCE = 120.0


async def warning(stage: SandboxStage, job_id: str) -> Json:
    def look(view: View) -> Json | None:
        return next((each for each in view.thread(job_id) if "needs a look" in text_of(each)), None)

    return await stage.view.until(f"a warning about {job_id}", look, PATIENCE)


async def noted(stage: SandboxStage, job_id: str, words: str) -> Json:
    def look(view: View) -> Json | None:
        return next((each for each in view.thread(job_id) if words in text_of(each)), None)

    return await stage.view.until(f"{words!r} in the thread of {job_id}", look, PATIENCE)


async def test_a_hung_job_is_stopped_and_one_that_people_leave_goes_on() -> None:
    hangs = Code("hangs", {"train.py": HANGS}, {"guard": GUARD})
    diverges = Code("diverges", {"train.py": NAN}, {"guard": {**GUARD, "silent_minutes": 0}})
    async with foreign_stage([hangs, diverges]) as stage:
        hung, nan = [await stage.train(f"/train project:{name} branch:main") for name in ("hangs", "diverges")]
        found = await warning(stage, nan)
        assert "train_loss is nan" in text_of(found).lower()
        assert list(buttons(found)) == ["Stop", "Leave it"]
        assert found["mentions"]
        await stage.mika.click(found, buttons(found)["Leave it"], wait=True)
        await noted(stage, nan, "said to leave it")
        await warning(stage, hung)
        end = await stage.view.until(f"the result of {hung}", lambda view: view.end(hung), PATIENCE)
        assert "was stopped by the guard (silent for" in text_of(end)
        end = await stage.view.until(f"the result of {nan}", lambda view: view.end(nan), PATIENCE)
        assert " succeeded" in text_of(end)
