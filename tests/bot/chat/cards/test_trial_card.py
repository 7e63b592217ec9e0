from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards import trial_card
from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from tests.bot.chat.anything import any_sweeps, texts
from tests.bot.chat.jobs import PLAN, PROJECT, STARTED, a_sweep, a_trial
from tests.support.rows import changed


def lines(trial: Trial, **changes: Any) -> list[str]:
    return (trial_card.card(a_sweep(**changes), trial, PROJECT).description or "").split("\n")


def ended(reason: EndReason, **changes: Any) -> Trial:
    state = JobState.SUCCEEDED if reason is EndReason.SUCCEEDED else JobState.FAILED
    own: dict[str, Any] = {"reason": reason, "state": state, "ended_at": STARTED + 120, "measured": True}
    return a_trial(**(own | changes))


def test_a_running_trial() -> None:
    trial = a_trial(reports=((1, 80.0), (4, 91.25)), epochs=10, value=92.0, epoch=3)
    embed = trial_card.card(a_sweep(), trial, PROJECT)
    assert embed.title == "mnist k7q2mx.3"
    assert lines(trial) == [
        f"**Running** · started <t:{STARTED:.0f}:R>",
        "`main` @ `a1b2c3d` Warm up the learning rate",
        "lr **0.01** · momentum **0.5** · epochs **10** · optimizer **sgd**",
        "",
        "epoch **4**/10 ████░░░░░░",
        "val_accuracy **91.25**, best **92** at epoch 3",
    ]
    assert embed.footer.text == "asked by mika"


@pytest.mark.parametrize(
    ("trial", "line"),
    [
        (Trial(3), "**Waiting**"),
        (a_trial(started_at=None), "**Running**"),
        (a_trial(stop_by="no*or"), r"**Stopping** · requested by no\*or"),
        (ended(EndReason.SUCCEEDED, value=1.0), "**Succeeded in 2 min**"),
        (ended(EndReason.SUCCEEDED), "**Ended after 2 min without metrics**"),
        (
            ended(EndReason.STOPPED, pruned_at=STARTED),
            "**Stopped early after 2 min: it looked hopeless**",
        ),
        (ended(EndReason.STOPPED, stop_by="mika"), "**Stopped by mika after 2 min**"),
        (ended(EndReason.STOPPED), "**Stopped after 2 min**"),
        (
            ended(EndReason.COMMAND_FAILED, exit_code=1, detail="ValueError: *boom*"),
            r"**Failed after 2 min: exit code 1 — ValueError: \*boom\***",
        ),
        (ended(EndReason.COMMAND_FAILED), "**Failed after 2 min: the command failed**"),
        (ended(EndReason.OUT_OF_MEMORY, exit_code=137), "**Failed after 2 min: ran out of memory**"),
    ],
)
def test_the_state_comes_first(trial: Trial, line: str) -> None:
    assert lines(trial)[0] == line


def test_a_trial_of_a_stopping_sweep_is_stopping_too() -> None:
    assert lines(a_trial(), stop_at=STARTED, stop_by="Noor")[0] == "**Stopping** · requested by Noor"


def test_a_trial_that_was_carried_over_names_its_sweep() -> None:
    assert lines(ended(EndReason.SUCCEEDED, value=1.0, source="b2c3d4"))[1] == (
        "Carried over from b2c3d4.3, which needed no retry."
    )


def test_a_point_that_is_not_chosen_yet_is_not_made_up() -> None:
    tpe: Plan = replace(PLAN, search=Search.TPE)
    assert lines(Trial(3), plan=tpe)[2].startswith("The sampler chooses its parameters when its turn comes")
    chosen = a_trial(parameters={"lr": 0.02, "momentum": 0.3})
    assert lines(chosen, plan=tpe)[2].startswith("lr **0.02** · momentum **0.3** · epochs")
    assert trial_card.choice(a_sweep(plan=tpe), Trial(3)) == "k7q2mx.3 · waiting"


def test_a_choice_fits_and_has_the_point() -> None:
    assert trial_card.choice(a_sweep(), a_trial(value=92.0)) == "k7q2mx.3 · running 92 · lr 0.01 momentum 0.5"
    long = a_trial(parameters={"lr": 0.1, "momentum": "x" * 200})
    assert len(trial_card.choice(a_sweep(plan=replace(PLAN, search=Search.TPE)), long)) == 100


def test_a_trial_of_a_removed_project_still_shows() -> None:
    embed = trial_card.card(a_sweep(), a_trial(value=1.0), None)
    assert "Running" in (embed.description or "")


@settings(deadline=None, max_examples=50)
@given(any_sweeps(), texts, texts, st.sampled_from(list(EndReason)), st.dictionaries(texts, texts, max_size=22))
def test_no_trial_is_larger_than_discord_takes(
    job: Job, detail: str, stop_by: str, reason: EndReason, point: dict[str, Value]
) -> None:
    assert isinstance(job, Sweep)
    names = [axis.name for axis in job.plan.space.axes]
    trial = ended(reason, detail=detail, stop_by=stop_by, parameters={**dict.fromkeys(names, 0.1), **point})
    tpe = changed(job, plan=replace(job.plan, search=Search.TPE))
    embed = trial_card.card(tpe, trial, replace(PROJECT, metric="m" * 300))
    assert len(embed) <= 6_000
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(embed.description or "") < 4_096, "cut by its pieces, never in the middle of an escape"
    assert len(trial_card.choice(tpe, trial)) <= 100
