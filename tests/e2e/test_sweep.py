"""Sweeps as people see them, from the command to the end, on the sandbox."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from itertools import product
from statistics import mean, stdev

import pytest
import pytest_asyncio

from bot.domain.sweeps.board_points import request
from deploy.sandbox.demo.view import Json, buttons, text_of
from tests.bot.adapters.drawing.boards.samples import drawn
from tests.e2e.sweeps import ALONE, Stage, accuracy, id_in, stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

PNG = b"\x89PNG"
LR, MOMENTUM = ("0.1", "0.01", "0.001"), ("0.5", "0.1", "0.05")
POINTS = list(product(LR, MOMENTUM))
FIND_OUT = ("batch:DescribeJobs", "batch:ListJobs")

# What is typed, and parts of the answer: what is wrong, what to type instead, and where.
MISTAKES = {
    "lr=": ('lr needs a number from 1e-6 to 1 after "="', "lr=\n   ^\n"),
    "lr=0.1,,": ('lr needs a number from 1e-6 to 1 after ","', "lr=0.1,,\n       ^\n"),
    "lr=abc": ('lr must be a number from 1e-6 to 1, not "abc".', "lr=abc\n   ^^^\n"),
    "warmup=1,2": ('no parameter "warmup". Choose one: lr, momentum', "\n^^^^^^\n"),
    "lr=0.1 lr=0.2": ("lr appears twice", "\n       ^^^^^^\n"),
    "lr=0.001..0.1:1000 m=0..1:1000 wait=0..1:1000": (
        "1,000,000,000 points (lr 1,000",
        "at most 100,000 fit",
    ),
    "lr=0.1..0.001:5": ("from 0.1 to 0.001. Put the lower end first.", "\n   ^^^^^^^^^^\n"),
    f"lr={'1,' * 1998}1": ("4,000 characters; at most 1,500 fit",),
    "lr=0.1,0.5,2": ('lr must be a number from 1e-6 to 1, not "2".', "\n           ^\n"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("sweep")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nine(lab: Stage) -> tuple[str, float]:
    """The tutorial's nine points on the digits, to their end; and how often the bot asked Batch meanwhile, a second."""
    loop, before = asyncio.get_running_loop(), await lab.calls(*FIND_OUT)
    began = loop.time()
    sweep_id = await lab.start(f"/sweep lr={','.join(LR)} m={','.join(MOMENTUM)} epochs=3", channel="training")
    await lab.end(sweep_id)
    return sweep_id, (await lab.calls(*FIND_OUT) - before) / (loop.time() - began)


async def _points(lab: Stage, sweep_id: str) -> list[tuple[str, str]]:
    """Learning rate and momentum by the number of the trial."""
    plan = (await lab.stored(sweep_id))[0].plan
    points = [plan.space.point(number) for number in range(9)]
    return [(str(point["lr"]), str(point["momentum"])) for point in points]


def _own_table(lab: Stage, sweep_id: str, points: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Decimal]:
    """The best accuracy by learning rate and momentum, as the nine files have it."""
    return {
        point: max(Decimal(row["val_accuracy"]) for row in lab.metrics(sweep_id, number))
        for number, point in enumerate(points)
    }


# ---- nine points on the digits; `make test` has the demo's four ------------------------------------------------
@pytest.mark.exhaustive
async def test_the_heatmap_shows_what_the_files_say(lab: Stage, nine: tuple[str, float]) -> None:
    own = await asyncio.to_thread(_own_table, lab, nine[0], await _points(lab, nine[0]))
    figure = drawn(request(*await lab.stored(nine[0])))
    heatmap = next(axes for part in figure.subfigs for axes in part.axes if axes.get_xlabel() == "momentum")
    rows = [label.get_text() for label in heatmap.get_yticklabels()]
    columns = [label.get_text() for label in heatmap.get_xticklabels()]
    assert (heatmap.get_ylabel(), rows, columns) == ("lr", list(LR), list(MOMENTUM))
    shown = {
        (rows[round(text.get_position()[1])], columns[round(text.get_position()[0])]): Decimal(text.get_text())
        for text in heatmap.texts
    }
    assert shown == {point: value.quantize(shown[point]) for point, value in own.items()}
    assert len(set(shown.values())) > 4


@pytest.mark.exhaustive
async def test_the_table_and_the_leaderboard_are_of_the_same_figures(lab: Stage, nine: tuple[str, float]) -> None:
    sweep_id = nine[0]
    points = await _points(lab, sweep_id)
    assert sorted(points) == sorted(POINTS) != points
    own = await asyncio.to_thread(_own_table, lab, sweep_id, points)
    rows = await lab.table(await lab.end(sweep_id))
    assert [row["trial"] for row in rows] == [f"{sweep_id}.{number}" for number in range(9)]
    assert {(row["lr"], row["momentum"]): Decimal(row["val_accuracy"]) for row in rows} == own
    assert {(row["epochs"], row["state"]) for row in rows} == {("3", "succeeded")}
    ranked = sorted(own, key=lambda point: (-own[point], points.index(point)))[:5]
    board = [line.split() for line in text_of(await lab.shows(sweep_id, "Finished 9")).splitlines() if line[:1] == "."]
    assert board == [[f".{points.index(p)}", f"{float(own[p]):.4g}", *p] for p in ranked]


@pytest.mark.exhaustive
async def test_nine_trials_are_one_submission_and_one_end(lab: Stage, nine: tuple[str, float]) -> None:
    sweep_id, asked_a_second = nine
    (submission,) = await lab.submissions(sweep_id)
    assert submission["arraySize"] == 9
    assert asked_a_second < 4
    end = await lab.end(sweep_id)
    assert re.match(rf"{sweep_id} finished 9 trials: val\\?_accuracy [\d.]+ at lr 0\.1, momentum ", end["content"])
    assert [each["filename"] for each in end["attachments"]] == [f"{sweep_id}.png", f"{sweep_id}.csv"]
    assert list(buttons(end)) == ["Plot best", "Train best again"]
    card = lab.view.card(sweep_id)
    assert card is not None
    pictures = [end["attachments"][0]["url"], card["embeds"][0]["image"]["url"]]
    assert [(await lab.picture(address))[:4] for address in pictures] == [PNG, PNG]
    assert lab.endings(sweep_id) == 1


@pytest.mark.exhaustive
async def test_a_trial_is_asked_about_by_its_name(lab: Stage, nine: tuple[str, float]) -> None:
    sweep_id = nine[0]
    assert "Finished 9 trials" in await lab.said(f"/status job:{sweep_id}")
    third, (lr, momentum) = await lab.said(f"/status job:{sweep_id}.3"), (await _points(lab, sweep_id))[3]
    at = f"lr {lr} · momentum {momentum} · epochs 3"
    assert re.search(rf"mnist \w{{6}}\.3\nSucceeded in .*\n{re.escape(at)}", third, flags=re.S)
    log = await lab.said(f"/logs {sweep_id}.3")
    assert re.search(rf"lr {lr}, momentum {momentum}, 3 epochs.*the command ended with 0", log, flags=re.S)
    plotted = await lab.mika.type(f"/plot job:{sweep_id}.0 more:{sweep_id}.3", channel="training", wait=True)
    assert not plotted["message"]["flags"] & ALONE
    assert (await lab.picture(plotted["message"]["attachments"][0]["url"])).startswith(PNG)
    left = await lab.said(f"/artifacts {sweep_id}.0")
    assert all(name in left for name in ("manifest.json", "metrics.csv", "model.pt"))


# ---- what is refused ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("space", MISTAKES, ids=lambda space: space[:24])
async def test_a_mistake_is_shown_to_the_asker_and_starts_nothing(lab: Stage, space: str) -> None:
    before = lab.written("lab"), len(await lab.submissions())
    answer = await lab.said(f"/sweep {space}")
    assert [part for part in MISTAKES[space] if part not in answer] == [], answer
    assert (lab.written("lab"), len(await lab.submissions())) == before


async def test_a_preview_is_of_no_consequence_until_it_is_confirmed(lab: Stage) -> None:
    before = len(await lab.submissions())
    preview = await lab.ask("/sweep lr=0.1..0.5:11 wait=30")
    text, sweep_id = text_of(preview), id_in(text_of(preview))
    assert re.search(r"grid, 11 trials.*Machines: 4 at a time.*at most \$10\.63", text, flags=re.S)
    assert len(await lab.submissions()) == before
    cancelled = await asyncio.gather(*(lab.click(preview, "Cancel") for _ in range(2)))
    assert {answer["message"]["content"] for answer in cancelled} == {f"{sweep_id} was cancelled. Nothing was started."}
    assert buttons(cancelled[-1]["message"]) == {}
    assert len(await lab.submissions()) == before


async def test_a_preview_that_is_confirmed_twice_starts_once(lab: Stage) -> None:
    preview = await lab.ask("/sweep lr=0.1..0.5:11 wait=30")
    sweep_id = id_in(text_of(preview))
    answers = await asyncio.gather(*(lab.click(preview, "Confirm") for _ in range(2)))
    assert all(f"Starting {sweep_id}" in answer["message"]["content"] for answer in answers)
    await lab.shows(sweep_id, "A pilot trial runs first; 10 wait for its first metric")
    await lab.shows(sweep_id, "1 running · 10 waiting")
    (submission,) = await lab.submissions(sweep_id)
    assert not submission.get("arraySize")
    assert "Stopping " in await lab.said(f"/stop {sweep_id}")
    end = await lab.end(sweep_id)
    assert re.match(rf"{sweep_id} was stopped by \w+ after 0 of 11 trials", end["content"])


# ---- in #lab, where what comes of it is known --------------------------------------------------------------
@pytest.mark.exhaustive
async def test_a_bot_that_is_killed_in_the_middle_loses_and_repeats_nothing(lab: Stage) -> None:
    rates = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45]
    sweep_id = await lab.start(f"/sweep lr={','.join(map(str, rates))} epochs=4 wait=0.4")
    await lab.shows(sweep_id, r"[1-7]/8 ended")
    await lab.restart(1.0)
    end = await lab.end(sweep_id)
    rows = await lab.table(end)
    assert [row["trial"] for row in rows] == [f"{sweep_id}.{number}" for number in range(8)]
    found = {float(row["lr"]): Decimal(row["val_accuracy"]) for row in rows}
    assert found == {lr: accuracy(lr, 4) for lr in rates}
    assert [entry["arraySize"] for entry in await lab.submissions(sweep_id)] == [8]
    told = re.findall(r"^\.(\d+) ", "\n".join(m["content"] for m in lab.view.thread(sweep_id)), flags=re.M)
    assert sorted(map(int, told)) == list(range(8))
    assert lab.endings(sweep_id) == 1


async def test_one_trial_is_stopped_and_then_the_sweep(lab: Stage) -> None:
    sweep_id = await lab.start("/sweep lr=0.1,0.2,0.3,0.4 epochs=200 wait=1")
    await lab.shows(sweep_id, "4 running")
    assert f"The rest of {sweep_id} goes on." in await lab.said(f"/stop {sweep_id}.1")
    await lab.shows(sweep_id, "3 running · 1 stopped")
    assert "Stopped by Mika" in await lab.said(f"/status job:{sweep_id}.1")
    assert "Running" in await lab.said(f"/status job:{sweep_id}.2")
    assert "has already ended" in await lab.said(f"/stop {sweep_id}.1")
    await lab.said(f"/stop {sweep_id}")
    end = await lab.end(sweep_id)
    assert re.match(rf"{sweep_id} was stopped by Mika after 0 of 4 trials", end["content"])
    assert [row["state"] for row in await lab.table(end)] == ["stopped"] * 4
    assert lab.endings(sweep_id) == 1


@pytest.mark.exhaustive
async def test_what_failed_is_run_again_alone_and_the_best_for_longer(lab: Stage) -> None:
    await asyncio.to_thread(lab.broken.touch)
    sweep_id = await lab.start("/sweep lr=0.2,0.6,0.7")
    end = await lab.end(sweep_id)
    plan = (await lab.stored(sweep_id))[0].plan
    rates = [plan.space.point(number)["lr"] for number in range(3)]
    bad = [number for number, lr in enumerate(rates) if lr != 0.2]
    which = " ".join(f".{number}" for number in bad)
    said = f"2 failed the same way: the command failed — ArithmeticError: lr {rates[bad[0]]} diverges: {which}"
    assert said in text_of(end)
    await asyncio.to_thread(lab.broken.unlink)
    again_id = await lab.start(f"/retry {sweep_id}")
    again = await lab.end(again_id)
    assert [entry["arraySize"] for entry in await lab.submissions(again_id)] == [2]
    found = [(row["trial"], Decimal(row["val_accuracy"]), row["state"]) for row in await lab.table(again)]
    names = [f"{again_id if number in bad else sweep_id}.{number}" for number in range(3)]
    good = [(name, accuracy(float(lr), 3), "succeeded") for name, lr in zip(names, rates, strict=True)]
    assert found == good
    job_id = await _trained_again(lab, again, epochs=5)
    best = await lab.end(job_id)
    assert f"{job_id} succeeded: val_accuracy {float(accuracy(0.2, 5)):.4g} at epoch 5 of 5" in text_of(best)


async def _trained_again(lab: Stage, end: Json, epochs: int) -> str:
    """By the button, with as many epochs. The job's id."""
    asked = await lab.click(end, "Train best again")
    answer = await lab.mika.fill(asked["interaction_id"], {"epochs": str(epochs)}, wait=True)
    return id_in(text_of(answer["message"]))


@pytest.mark.exhaustive
async def test_folds_are_told_with_mean_and_deviation(lab: Stage) -> None:
    sweep_id = await lab.start("/sweep lr=0.2,0.3 folds:2")
    end = await lab.end(sweep_id)
    values = [float(accuracy(0.3, 3, fold)) for fold in (0, 1)]
    assert f"val_accuracy {mean(values):.4g} ± {stdev(values):.4g} at lr 0.3" in text_of(end)
    rows = [(row["lr"], row["fold"], Decimal(row["val_accuracy"])) for row in await lab.table(end)]
    assert sorted(rows) == [(lr, str(fold), accuracy(float(lr), 3, fold)) for lr in ("0.2", "0.3") for fold in (0, 1)]


@pytest.mark.exhaustive
async def test_a_search_goes_to_its_end_two_at_a_time(lab: Stage) -> None:
    sweep_id = await lab.start("/sweep lr=0.01..0.5 epochs=4 wait=0.2 search:tpe trials:6 parallel:2 stop_losers:True")
    end = await lab.end(sweep_id)
    rows = await lab.table(end)
    assert [row["trial"] for row in rows] == [f"{sweep_id}.{number}" for number in range(6)]
    assert {row["state"] for row in rows} <= {"succeeded", "stopped early"}
    for row in rows:
        if row["state"] == "succeeded":
            assert Decimal(row["val_accuracy"]) == accuracy(float(row["lr"]), 4)
    assert len({row["lr"] for row in rows}) == 6
    assert [entry["arraySize"] for entry in await lab.submissions(sweep_id)] == [None] * 6
    assert lab.endings(sweep_id) == 1
