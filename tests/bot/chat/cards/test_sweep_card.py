"""The card of a sweep, from its job alone."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from bot.chat.buttons.views import card_buttons, end_buttons
from bot.chat.cards import choose, sweep_card, verdict
from bot.domain.inert import ZERO_WIDTH_SPACE
from bot.domain.model.job import Job
from bot.domain.model.plan import Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.parameters import Kind, Value
from bot.services.running.pending import board_outdated
from tests.bot.chat.anything import any_sweeps, texts
from tests.bot.chat.jobs import (
    CREATED,
    DONE,
    LEADERS,
    MIDDLE,
    PARTLY,
    PLAN,
    PRICED,
    PROJECT,
    STARTED,
    a_sweep,
    ended_sweep,
)
from tests.support.rows import changed


def lines(job: Job, project: Any = PRICED) -> list[str]:
    return (choose.card(job, project).description or "").split("\n")


def test_a_sweep_in_the_middle() -> None:
    embed = choose.card(a_sweep(), PRICED)
    assert embed.title == "mnist sweep k7q2mx"
    assert lines(a_sweep()) == [
        f"**Running** · started <t:{STARTED:.0f}:R>",
        "█████░░░░░ **4**/9 ended",
        "2 running · 3 waiting · 1 failed",
        "`main` @ `a1b2c3d` Warm up the learning rate",
        "grid, 9 trials",
        "lr 0.1, 0.01, 0.001",
        "momentum 0.5, 0.1, 0.05",
        "epochs **10** · optimizer **sgd**",
        "",
        "val_accuracy **96.7** at lr 0.1, momentum 0.5 (k7q2mx.0)",
        "```",
        "   val_accuracy lr   momentum",
        ".0 96.7         0.1  0.5",
        ".1 94.44        0.1  0.1",
        ".3 81.3         0.01 0.5",
        "```",
        "**1 failed:** ran out of memory: `.8`",
        "about $0.12 so far, at most $9.47 · 14 min of machine time",
    ]
    assert embed.footer.text == "asked by mika"
    assert embed.image.url is None


def test_an_ended_sweep_shows_failures_and_savings_and_no_clock() -> None:
    text = lines(ended_sweep(PARTLY))
    assert text[:2] == [
        "**Finished: 3 of 9 trials succeeded, 4 min 31 s**",
        "3 failed · 1 without metrics · 2 stopped early",
    ]
    assert text[-4:] == [
        r"**2 failed the same way:** the command failed — ValueError: \*boom\*: `.4 .7`",
        "**1 failed:** ran out of memory: `.8`",
        "about $0.21 · 24 min of machine time",
        "2 weak trials stopped early, saving 10 min of machine time, $0.09",
    ]
    assert not any("<t:" in line for line in text)


@pytest.mark.parametrize(
    ("job", "word", "line"),
    [
        (
            a_sweep(Tally(), state=JobState.INTENT),
            "being submitted",
            f"**Being submitted** · requested <t:{CREATED:.0f}:R>",
        ),
        (
            a_sweep(Tally({TrialState.WAITING: 9})),
            "waiting for machines",
            f"**Waiting for machines** · started <t:{STARTED:.0f}:R>",
        ),
        (
            a_sweep(stop_at=STARTED, stop_by="no*or"),
            "stopping",
            rf"**Stopping** · requested by no\*or <t:{STARTED:.0f}:R>",
        ),
        (ended_sweep(), "succeeded", "**Finished 9 trials in 4 min 31 s**"),
        (ended_sweep(MIDDLE, EndReason.STOPPED), "stopped", "**Stopped after 4 of 9 trials, 4 min 31 s**"),
        (
            ended_sweep(Tally({TrialState.FAILED: 9}), EndReason.COMMAND_FAILED),
            "failed",
            "**Failed: all 9 trials failed, 4 min 31 s**",
        ),
        (
            ended_sweep(Tally(), EndReason.NOT_SUBMITTED, detail="no *queue*"),
            "failed",
            r"**Failed: AWS Batch refused it — no \*queue\***",
        ),
    ],
)
def test_the_state_comes_first(job: Job, word: str, line: str) -> None:
    assert choose.state_word(job) == word
    assert lines(job)[0] == line


def test_trials_without_a_row_count_as_waiting() -> None:
    assert lines(a_sweep(Tally()))[1:3] == ["░░░░░░░░░░ **0**/9 ended", "9 waiting"]
    last = Tally({TrialState.SUCCEEDED: 8, TrialState.RUNNING: 1}, progress=1.0)
    assert lines(a_sweep(last))[1] == "█████████░ **8**/9 ended"
    stopped = Tally({TrialState.SUCCEEDED: 2, TrialState.STOPPED: 3}, progress=5 / 9)
    assert lines(ended_sweep(stopped, EndReason.STOPPED))[1:3] == [
        "█████░░░░░ **5**/9 ended",
        "4 never started · 3 stopped",
    ]


def test_an_old_state_and_an_undeliverable_result_are_explained() -> None:
    assert lines(a_sweep(unanswered_since=STARTED))[1].startswith("AWS Batch has not answered since")
    assert lines(ended_sweep(undeliverable="Unknown Channel"))[1] == "The result could not be posted: Unknown Channel"


def test_without_a_price_there_is_time_and_no_money() -> None:
    assert lines(a_sweep(), PROJECT)[-1] == "14 min of machine time"
    assert not any("$" in line for line in lines(ended_sweep(PARTLY), PROJECT))


def test_a_sweep_of_a_removed_project_still_shows() -> None:
    text = lines(ended_sweep(PARTLY), None)
    assert text[-1] == "2 weak trials stopped early, saving 10 min of machine time"
    assert not any("96.7" in line for line in text)


def test_the_plan_is_in_words() -> None:
    folded = replace(PLAN, search=Search.TPE, trials=50, folds=5, parallel=4, stop_losers=True)
    assert lines(a_sweep(plan=folded))[4] == (
        "tpe, 10 points with 5 folds each: 50 trials, 4 at a time, weak trials stopped early"
    )


@pytest.mark.parametrize(
    ("axis", "line"),
    [
        (Axis("lr", Kind.FLOAT, low=0.001, high=0.1, log=True), "lr 0.001 to 0.1 (log)"),
        (Axis("lr", Kind.FLOAT, low=0.5, high=2), "lr 0.5 to 2"),
        (Axis("seed", Kind.INT, tuple(range(1, 7))), "seed 1, 2, 3, 4, 5, 6"),
        (Axis("seed", Kind.INT, tuple(range(1, 10_001))), "seed 1, 2, 3 … 10000 (10,000 values)"),
        (Axis("note", Kind.STRING, ("*a*", "")), r"note \*a\*,  "),
        (Axis("augment", Kind.BOOLEAN, (True, False)), "augment true, false"),
    ],
)
def test_an_axis_is_one_short_line(axis: Axis, line: str) -> None:
    job = a_sweep(plan=replace(PLAN, space=Space((axis,))))
    assert lines(job)[5] == line


def test_a_list_of_one_value_varies_nothing() -> None:
    single = Axis("epochs", Kind.INT, (3,))
    space = Space((Axis("lr", Kind.FLOAT, (0.1, 0.01)), single))
    leaders = tuple(replace(each, parameters={"lr": 0.1, "epochs": 3}) for each in LEADERS)
    job = a_sweep(replace(MIDDLE, leaders=leaders), plan=replace(PLAN, space=space), parameters={"seed": 1})
    text = lines(job)
    assert text[5:7] == ["lr 0.1, 0.01", "epochs **3** · seed **1**"]
    assert "val_accuracy **96.7** at lr 0.1 (k7q2mx.0)" in text
    assert "   val_accuracy lr" in text
    one = lines(a_sweep(replace(MIDDLE, leaders=leaders[:1]), plan=replace(PLAN, space=Space((single,)), trials=1)))
    assert "val_accuracy **96.7** (k7q2mx.0)" in one


def test_folds_have_a_mean_and_a_deviation() -> None:
    folds = (replace(LEADERS[0], deviation=0.34567, epoch=None), replace(LEADERS[2], deviation=1.0, epoch=None))
    text = lines(a_sweep(replace(MIDDLE, leaders=folds)))
    assert "val_accuracy **96.7 ± 0.3457** at lr 0.1, momentum 0.5 (k7q2mx.0)" in text
    assert ".0 96.7 ± 0.3457 0.1  0.5" in text


def test_a_phone_has_room_for_the_table() -> None:
    names = [f"parameter_{place}" for place in range(8)]
    plan = replace(PLAN, space=Space(tuple(Axis(name, Kind.FLOAT, (0.1, 0.2)) for name in names)), trials=256)
    wide: dict[str, Value] = dict.fromkeys(names, 0.123456)
    leaders = tuple(Leader(99_990 + place, 96.123 - place, wide) for place in range(5))
    text = lines(a_sweep(replace(MIDDLE, leaders=leaders), plan=plan))
    begin, end = (place for place, line in enumerate(text) if line == "```")
    table = text[begin + 1 : end]
    assert len(table) == 6
    assert max(len(line) for line in table) <= 36
    assert table[1].split() == [".99990", "96.12", "0.123456"]


def test_one_leader_needs_no_table() -> None:
    assert "```" not in lines(a_sweep(replace(MIDDLE, leaders=LEADERS[:1])))


def test_importance_starts_with_the_largest() -> None:
    job = a_sweep()
    assert isinstance(job, Sweep)
    weighed = changed(job, importance={"lr": 0.29, "momentum": 0.71})
    assert "Importance: momentum 71 %, lr 29 %" in lines(weighed)


def test_a_group_of_failures_names_the_first_few() -> None:
    many = Failure(EndReason.COMMAND_FAILED, "exit code 1", 1_234, (0, 1, 2))
    assert lines(a_sweep(replace(MIDDLE, failures=(many,))))[-2] == (
        "**1,234 failed the same way:** the command failed — exit code 1: `.0 .1 .2 …`"
    )


def test_a_retry_names_the_earlier_sweep() -> None:
    footer = choose.card(a_sweep(retry_of="b2c3d4"), PRICED).footer.text
    assert footer == "asked by mika · repeats failed trials of b2c3d4"


def test_a_list_line_and_a_choice() -> None:
    assert choose.summary(a_sweep(), PRICED) == (
        "`k7q2mx` sweep mnist main@a1b2c3d — running, 4/9 trials, val_accuracy 96.7"
    )
    assert choose.summary(ended_sweep(DONE), None) == "`k7q2mx` sweep mnist main@a1b2c3d — succeeded"
    assert choose.choice(a_sweep()) == "k7q2mx  sweep mnist main@a1b2c3d running"


def test_the_picture_is_the_embeds_once_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "b.png"
    with_picture = a_sweep(picture=str(path))
    assert choose.card(with_picture, PRICED).image.url == "attachment://board.png"
    assert isinstance(with_picture, Sweep)
    assert sweep_card.picture(with_picture) is None
    path.write_bytes(b"png")
    file = sweep_card.picture(with_picture)
    assert file is not None
    assert file.filename == "board.png"
    file.close()


# ---- whatever it is, it fits -----------------------------------------------------------------------------
@settings(deadline=None, max_examples=50)
@given(any_sweeps(), texts)
def test_no_sweep_is_larger_than_discord_takes(job: Job, body: str) -> None:
    project = replace(PRICED, metric="m" * 200)
    embed = choose.card(job, project)
    text = embed.description or ""
    assert len(embed) <= 6_000
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(text) < 4_096, "cut by its pieces, never in the middle of an escape"
    assert text.count("```") in (0, 2)
    assert len(embed.footer.text or "") <= 2_048
    assert len(choose.summary(job, project)) <= 400
    assert len(choose.choice(job)) <= 100
    message = verdict.content(job, project, f"```\n{body.replace('`', ' ')}\n```")
    assert len(message) <= 2_000
    assert message.count("```") % 2 == 0
    assert message.startswith(f"{job.id} ")
    assert f"<@{job.request.asker_id}>" in message


def test_what_people_and_programs_wrote_pings_nobody_and_ends_no_block() -> None:
    nasty = "<@1> @everyone ``` [x](https://example.org)"
    over = Space((Axis(nasty, Kind.STRING, (nasty, "b")),))
    leaders = tuple(Leader(place, 1.0, {nasty: nasty}) for place in range(2))
    tally = replace(PARTLY, leaders=leaders, failures=(Failure(EndReason.COMMAND_FAILED, nasty, 3, (1,)),))
    job = ended_sweep(tally, plan=replace(PLAN, space=over), parameters={nasty: nasty}, stop_by=nasty)
    text = (choose.card(job, PRICED).description or "") + "\n" + verdict.content(job, PRICED, "")
    first, block, *rest = text.split("\n```\n")
    assert f"<{ZERO_WIDTH_SPACE}@1> @ev" in block, "a block shows it as it is, and names nobody"
    for outside in (first, *rest):
        assert not re.search(r"(?<!\\)<@1>|(?<!\\)@everyone|(?<!\\)`{3}|(?<!\\)\]\(", outside)


async def test_any_sweep_has_at_most_a_row_of_buttons() -> None:
    for job in (a_sweep(), a_sweep(Tally()), ended_sweep(), ended_sweep(PARTLY), ended_sweep(Tally())):
        for view in (card_buttons(job), end_buttons(job)):
            assert len(view.children) <= 4
            assert view.is_finished()


def test_while_it_waits_for_approval_there_is_no_progress_to_show() -> None:
    hold = Hold(HoldKind.APPROVAL, CREATED, CREATED + 3_600, approvers=(12,))
    sweep = a_sweep(state=JobState.INTENT)
    held = replace(sweep, execution=replace(sweep.execution, hold=hold))
    assert any("/9 ended" in line for line in lines(sweep))
    shown = lines(held)
    assert any("<@&12> may approve it" in line for line in shown)
    assert not any("ended" in line or " waiting" in line for line in shown[1:])
    assert not board_outdated(held)
