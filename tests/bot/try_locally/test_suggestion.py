"""What a try suggests to set: the metric and its goal, and where it is found if that is odd."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.config.projects.project import ProjectSettings, project
from bot.domain.project import Project
from bot.try_locally.job_process import Place
from bot.try_locally.metric_choice import likeliest
from bot.try_locally.suggestion import Suggestion, suggestion
from trainer.metrics.line_patterns import LinePatterns

REQUIRED = {"repository": "r", "command": ["train"], "queue": "q", "job_definition": "d", "bucket": "b"}


def named(**settings: object) -> Project:
    return project("arm", ProjectSettings.model_validate({**REQUIRED, **settings}))


def after(
    folder: Path,
    csv: str = "",
    files: Mapping[str, str] | None = None,
    log: Sequence[str] = (),
    **settings: object,
) -> Suggestion:
    place = Place(folder)
    for name, text in {"metrics.csv": csv, **{f"artifacts/{n}": t for n, t in (files or {}).items()}}.items():
        if text:
            path = place.results / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return suggestion(named(**settings), place, log)


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["train_loss", "val_loss"], "val_loss"),
        (["val_loss", "val_acc"], "val_acc"),
        (["test_acc", "eval_f1", "train_acc"], "eval_f1"),
        (["time/fps", "train/loss", "rollout/ep_rew_mean"], "rollout/ep_rew_mean"),
        (["eval_runtime", "eval_samples_per_second", "eval_loss"], "eval_loss"),
        (["lr", "loss"], "loss"),
        (["gap", "loss"], "loss"),
        (["gap", "width"], "gap"),
    ],
)
def test_the_likeliest_metric(names: list[str], best: str) -> None:
    assert likeliest("psnr_db", names) == best


def test_a_name_near_the_wanted_one_wins() -> None:
    assert likeliest("val_accuracy", ["val_f1", "valid_accuracy"]) == "valid_accuracy"


def test_nothing_is_suggested_where_the_metric_is_there(tmp_path: Path) -> None:
    assert after(tmp_path, "epoch,val_loss\n1,0.5\n", metric="val_loss") == Suggestion()


def test_metric_and_goal_of_what_was_reported(tmp_path: Path) -> None:
    found = after(tmp_path, "epoch,train_loss,val_loss\n1,0.5,0.6\n2,0.4,0.5\n")
    assert found.lines() == ['metric = "val_loss"', 'goal = "minimize"']
    assert found.metrics == ("train_loss", "val_loss")


def test_a_metric_of_another_file_counts_too(tmp_path: Path) -> None:
    """The job takes the table that has the project's metric, so metrics_file is not needed."""
    found = after(tmp_path, "step,loss\n1,0.5\n2,0.4\n", {"runs/eval.csv": "epoch,val_acc\n1,80\n"}, metric="psnr")
    assert found.lines() == ['metric = "val_acc"', 'goal = "maximize"']


def test_a_goal_that_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    found = after(tmp_path, "epoch,gap\n1,5\n2,4\n")
    assert not found.settings
    assert found.undecided == "gap"


def test_a_table_under_an_odd_name_needs_metrics_file(tmp_path: Path) -> None:
    found = after(tmp_path, files={"out/20261129-1010/scores.dat": "epoch val_loss\n1 0.5\n2 0.4\n", "notes.md": "hi"})
    assert found.lines() == ['metric = "val_loss"', 'goal = "minimize"', 'metrics_file = "out/*/scores.dat"']
    assert not found.live


def test_lines_without_an_epoch_need_a_pattern(tmp_path: Path) -> None:
    log = ["loading", "validation loss is 0.52", "saved 1", "validation loss is 0.41", "done in 3 s"]
    found = after(tmp_path, log=log)
    settings = tomllib.loads("\n".join(found.lines()))
    assert settings["metric"] == "validation_loss"
    read = LinePatterns(settings["metric_patterns"])
    for line in log:
        read.add_line(line.encode())
    column = read.grid().column("validation_loss")
    assert column is not None
    assert list(column.numbers) == [0.52, 0.41]


@pytest.mark.parametrize("line", ["loss: 0.5 ", "Val. Loss (mean) = 1.5e-3", "final score 7", "acc=+0.25, more"])
def test_each_pattern_finds_its_own_line(tmp_path: Path, line: str) -> None:
    found = after(tmp_path, log=[line, line])
    patterns = [value for key, value in found.settings.items() if key[0] == "metric_patterns"]
    assert all(re.search(pattern, line) for pattern in patterns)


def test_a_line_that_came_once_is_no_metric(tmp_path: Path) -> None:
    assert after(tmp_path, log=["final loss: 0.5"]) == Suggestion(live=False)


def test_a_counter_of_an_unusual_name_becomes_the_axis(tmp_path: Path) -> None:
    found = after(tmp_path, "tick,val_loss\n10,0.5\n20,0.4\n30,0.3\n", metric="val_loss")
    assert found.lines() == ['columns.epoch = "tick"']


def test_it_is_written_where_it_belongs(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('# mine\n[projects.arm]\ncommand = ["a"]\n\n[projects.arm.parameters.lr]\ntype = "float"\n')
    found = after(tmp_path, "tick,val/loss\n10,0.5\n20,0.4\n30,0.3\n")
    found.write(config, "arm")
    assert config.read_text().startswith("# mine\n")
    section = tomllib.loads(config.read_text())["projects"]["arm"]
    assert section["metric"] == "val/loss"
    assert section["columns"] == {"epoch": "tick"}
    assert section["parameters"] == {"lr": {"type": "float"}}
