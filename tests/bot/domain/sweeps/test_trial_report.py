from dataclasses import replace

from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader, Tally
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind
from bot.domain.sweeps.trial_report import LINES, report
from tests.support.rows import changed
from tests.support.scripted_sweep import sweep_job

SPACE = Space(
    (
        Axis("lr", Kind.FLOAT, (0.1, 0.01)),
        Axis("note", Kind.STRING, ("a", "``` @everyone")),
        Axis("epochs", Kind.INT, (9,)),
    ),
    {"axes": [["lr", [0.1, 0.01]], ["note", ["a", "``` @everyone"]], ["epochs", [9]]]},
)
SWEEP = sweep_job(Plan("", SPACE, Search.GRID, 4))
BEST = Leader(2, 96.7123, {"lr": 0.01, "note": "a", "epochs": 9}, epoch=3)


def good(number: int, value: float | None = 96.7123, **more: object) -> Trial:
    trial = Trial(number, state=JobState.SUCCEEDED, started_at=10.0, ended_at=32.4, value=value, epoch=3, measured=True)
    return replace(trial, **more)  # type: ignore[arg-type]


def told(*ended: Trial, sweep: Sweep = SWEEP) -> list[str]:
    lines = report(sweep, ended, "val_accuracy").splitlines()
    assert (lines[0], lines[-1]) == ("```", "```")
    return lines[1:-1]


def test_a_line_for_each_with_what_is_varied_in_columns() -> None:
    late = good(2, 7.5, ended_at=7_384.0, epoch=10)
    assert told(good(0), late) == [
        ".0  96.71  lr 0.1 note a   epoch 3   0:00:22",
        ".2  7.5    lr 0.01 note a  epoch 10  2:02:54",
    ]


def test_how_one_ended_that_did_not_end_well() -> None:
    failed = good(0, None, state=JobState.FAILED, reason=EndReason.COMMAND_FAILED, exit_code=3, detail="no", epoch=None)
    stopped = replace(failed, number=2, reason=EndReason.STOPPED, detail="")
    assert told(failed, stopped) == [
        ".0  -  lr 0.1 note a   0:00:22  failed with exit code 3: no",
        ".2  -  lr 0.01 note a  0:00:22  stopped",
    ]


def test_the_best_so_far_stands_below() -> None:
    *_, last = told(good(2), sweep=changed(SWEEP, tally=Tally(leaders=(BEST,))))
    assert last == "best so far .2: val_accuracy 96.71 at lr 0.01 note a"


def test_of_folds_each_has_its_own_and_not_their_number() -> None:
    folds = Space(SPACE.axes, {**SPACE.encoded, "folds": 2})
    assert told(good(5), sweep=sweep_job(Plan("", folds, Search.GRID, 8, folds=2))) == [
        ".5  96.71  lr 0.01 note a fold 1  epoch 3  0:00:22"
    ]


def test_of_many_the_sum() -> None:
    many = [good(number) for number in range(LINES)] + [good(LINES, state=JobState.FAILED)]
    assert told(*many) == [f"{LINES + 1} trials ended: {LINES} {TrialState.SUCCEEDED}, 1 {TrialState.FAILED}"]


def test_what_was_typed_cannot_break_out() -> None:
    (line,) = told(good(1))
    assert "```" not in line
    assert "@everyone" not in line
