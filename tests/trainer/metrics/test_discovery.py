"""Metrics are found where code writes them anyway, and each new row is told once."""

import csv
import json
import os
from pathlib import Path

import pytest

from bench.programs.logger_files import tensorboard, wandb
from trainer.contract import parse_metrics
from trainer.metrics.sources import Sources


class Told:
    """What the job's log says."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.words: list[str] = []


def watched(code: Path, output: Path, metric: str = "val_acc", pattern: str = "") -> tuple[Sources, Told]:
    told = Told()
    sources = Sources(code, output, pattern, metric=metric, emit=told.rows.append, log=told.words.append)
    sources.begin()
    return sources, told


HISTORY = {"log_history": [{"epoch": 1, "step": 10, "val_acc": 80}, {"epoch": 2, "step": 20, "val_acc": 90}]}
MLFLOW = "mlruns/0/0123456789abcdef0123456789abcdef/metrics/val_acc"
LINES = b'{"epoch": 1, "val_acc": 80}\n{"epoch": 2, "val_acc": 90}\n'
TWO = b"epoch,val_acc\n1,80\n2,90\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.csv", TWO),
        ("progress.csv", TWO),
        ("training.log", TWO),
        ("history.csv", TWO),
        ("log.csv", TWO),
        ("lightning_logs/version_2/metrics.csv", TWO),
        ("outputs/2026-01-02/03-04-05/metrics.csv", TWO),
        ("runs/detect/train/results.csv", TWO),
        ("logs/epochs.tsv", TWO.replace(b",", b"\t")),
        ("out/log.txt", LINES),
        ("metrics.json", LINES),
        ("work/vis_data/20260102.json", LINES),
        ("a/b/run.jsonl", LINES),
        ("out/checkpoint-20/trainer_state.json", json.dumps(HISTORY).encode()),
        ("runs/a/events.out.tfevents.1", tensorboard((1, {"val_acc": 80}), (2, {"val_acc": 90}))),
        (MLFLOW, b"1700 80 1\n1701 90 2\n"),
        ("wandb/offline-run-1/run-1.wandb", wandb([{"val_acc": 80}, {"val_acc": 90}])),
    ],
)
@pytest.mark.parametrize("place", ["code", "output"])
def test_metrics_are_found_where_loggers_write_them(
    code: Path, output: Path, name: str, content: bytes, place: str
) -> None:
    sources, told = watched(code, output)
    assert sources.content() == b""
    path = (code if place == "code" else output) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    table = list(csv.DictReader(sources.content().decode().splitlines()))
    assert [float(row["val_acc"]) for row in table] == [80, 90]
    assert [(parse_metrics(line) or {})["val_acc"] for line in told.rows] == [80, 90]
    assert len(told.words) == 1


def test_new_rows_are_told_once_each(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    path = code / "results.csv"
    for rows in ("1,0.5,\n", "1,0.5,\n2,0.25,\n", "1,0.5,\n2,0.25,90\n3,0.125"):
        path.write_text("epoch,loss,val_acc\n" + rows)
        sources.content()
    sources.end(complete=True)
    sources.content()
    assert [parse_metrics(line) for line in told.rows] == [
        {"epoch": 1, "loss": 0.5},
        {"epoch": 2, "loss": 0.25},
        {"epoch": 2, "val_acc": 90},
        {"epoch": 3, "loss": 0.125},
    ]


def test_rows_that_were_reported_are_not_told_again(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    sources.add_line(b'@metrics {"epoch": 1, "val_acc": 80}')
    (output / "metrics.csv").write_text("epoch,val_acc\n1,80\n")
    assert sources.content() == b"epoch,val_acc\n1,80\n"
    assert (told.rows, told.words) == ([], [])


def test_table_of_the_codes_own_in_the_output_folder_is_told(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    (output / "metrics.csv").write_text("epoch,val_acc\n1,80\n")
    sources.content()
    assert told.rows == [], "report() prints its row in a moment"
    os.utime(output / "metrics.csv", (1, 1))
    sources.content()
    assert [parse_metrics(line) for line in told.rows] == [{"epoch": 1, "val_acc": 80}]


def test_table_with_the_projects_metric_wins(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    (output / "metrics.csv").write_text("epoch,loss\n1,0.5\n")
    sources.add_line(b'@metrics {"epoch": 1, "loss": 0.5}')
    (code / "predictions.csv").write_text("id,label\n1,7\n")
    (code / "results.csv").write_text("epoch,val_acc\n1,80\n")
    assert sources.content() == b"epoch,val_acc\n1,80\n"
    sources.end(complete=True)
    sources.content()
    assert told.words == [
        "metrics come from results.csv",
        "metrics come from results.csv; also found: metrics.csv. metrics_file chooses another",
    ]


def test_second_version_of_a_test_run_does_not_replace_the_curve(code: Path, output: Path) -> None:
    sources, _ = watched(code, output)
    for version, rows in ((0, "1,80\n2,90\n"), (1, "2,91\n")):
        folder = code / f"lightning_logs/version_{version}"
        folder.mkdir(parents=True)
        (folder / "metrics.csv").write_text("epoch,val_acc\n" + rows)
    assert sources.content() == TWO


def test_rows_that_every_checkpoint_repeats_are_told_once(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    for count in (1, 2):
        folder = output / f"checkpoint-{count}0"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(json.dumps({"log_history": HISTORY["log_history"][:count]}))
        os.utime(folder / "trainer_state.json", (count + 2e9, count + 2e9))
        sources.content()
    assert [(parse_metrics(line) or {})["val_acc"] for line in told.rows] == [80, 90]
    assert told.words == ["metrics come from trainer_state.json"]


def test_table_of_stable_baselines_is_told_by_its_timesteps(code: Path, output: Path) -> None:
    sources, told = watched(code, output, metric="rollout/ep_rew_mean")
    (code / "logs").mkdir()
    table = "time/iterations,rollout/ep_rew_mean,time/total_timesteps,train/loss\n1,20.5,2048,\n2,21.5,4096,0.25\n"
    (code / "logs" / "progress.csv").write_text(table)
    sources.content()
    reports = [parse_metrics(line) for line in told.rows]
    assert reports[1] == {
        "time/total_timesteps": 4096,
        "rollout/ep_rew_mean": 21.5,
        "time/iterations": 2,
        "train/loss": 0.25,
    }


def test_table_without_epochs_metric_or_a_usual_name_is_passed_over(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    (code / "submission.csv").write_text("id,label\n1,7\n2,9\n")
    assert sources.content() == b""
    assert told.words == []


def test_rows_of_an_earlier_attempt_stay_before_those_of_a_logger(code: Path, output: Path) -> None:
    (output / "metrics.csv").write_text("epoch,val_acc\n1,80\n2,90\n3,70\n")
    sources, told = watched(code, output)
    (code / "results.csv").write_text("epoch,val_acc\n3,95\n")
    assert sources.content() == b"epoch,val_acc\n1,80\n2,90\n3,95\n"
    assert len(told.rows) == 1


def test_rows_that_a_script_appended_in_another_attempt_replace_those_they_repeat(code: Path, output: Path) -> None:
    (code / "results.csv").write_text("epoch,val_acc\n1,80\n2,90\n3,70\n")
    sources, _ = watched(code, output)
    with (code / "results.csv").open("a") as file:
        file.write("2,91\n3,95\n")
    assert sources.content() == b"epoch,val_acc\n1,80\n2,91\n3,95\n"


def test_lines_that_programs_print_are_the_last_resort(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    sources.add_line(b"Epoch 1/5 loss: 0.5 val_acc: 80")
    assert sources.content() == b"epoch,loss,val_acc\n1,0.5,80\n"
    assert [parse_metrics(line) for line in told.rows] == [{"epoch": 1, "val_acc": 80, "loss": 0.5}]
    (code / "results.csv").write_text("epoch,val_acc\n1,81\n")
    assert sources.content() == b"epoch,val_acc\n1,81\n"


def test_file_of_the_project_that_is_no_table_is_named_with_the_reason(code: Path, output: Path) -> None:
    sources, told = watched(code, output, pattern="m.csv")
    (code / "m.csv").write_text("epoch,val\n1,0,5\n2,0,6\n")
    sources.content()
    sources.content()
    (said,) = told.words
    assert said.startswith("m.csv can't be read as metrics: Its rows have 3 cells")


def test_pattern_that_matches_nothing_is_said_at_the_end(code: Path, output: Path) -> None:
    sources, told = watched(code, output, pattern="result/*.csv")
    (code / "results.csv").write_bytes(TWO)
    assert sources.content() == TWO
    sources.end(complete=True)
    sources.content()
    assert told.words[1] == 'no file that the command wrote matches metrics_file = "result/*.csv"'


def test_steps_are_the_axis_where_the_epoch_stays_the_same(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    (code / "metrics.csv").write_text("epoch,step,val_acc\n0,100,80\n0,200,90\n")
    sources.content()
    assert [parse_metrics(line) for line in told.rows] == [{"step": 100, "val_acc": 80}, {"step": 200, "val_acc": 90}]


def test_many_new_rows_are_thinned_and_the_best_is_told(code: Path, output: Path) -> None:
    sources, told = watched(code, output)
    rows = [f"{epoch},{1000 if epoch == 777 else epoch % 100}" for epoch in range(5_000)]
    (code / "results.csv").write_text("epoch,val_acc\n" + "\n".join(rows) + "\n")
    assert sources.content().count(b"\n") == 5_001
    values = [parse_metrics(line) for line in told.rows]
    assert {"epoch": 777, "val_acc": 1000} in values
    assert values[-1] == {"epoch": 4_999, "val_acc": 99}
    assert len(values) <= 70
