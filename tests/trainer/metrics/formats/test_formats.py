"""Each logger's own file is read, also while it grows; whatever else a file holds, nothing fails."""

import json
import math
import struct
from collections.abc import Callable
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.programs.logger_files import field, records, tensor_event, tensorboard, wandb
from trainer.metrics.formats.json_rows import read_json
from trainer.metrics.formats.mlflow_files import read_metrics, run_of
from trainer.metrics.formats.tensorboard import read_events
from trainer.metrics.formats.wandb_file import read_wandb
from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.grid import Grid

RUN = PurePath("mlruns/0/0123456789abcdef0123456789abcdef")


def listed(grid: Grid) -> dict[str, list[float | None]]:
    return {column.name: [None if math.isnan(v) else round(v, 6) for v in column.numbers] for column in grid.columns}


def events(data: bytes, folder: str = "runs/a") -> Grid:
    return read_events([(PurePath(folder, "events.out.tfevents.1"), data)])


class TestTensorBoard:
    def test_scalars_by_step(self) -> None:
        data = tensorboard((1, {"loss": 0.5}), (1, {"acc": 80.0}), (2, {"loss": 0.25}), (2, {"acc": 90.0}))
        assert listed(events(data)) == {"step": [1, 2], "loss": [0.5, 0.25], "acc": [80, 90]}

    def test_scalars_of_tensorflow_2(self) -> None:
        data = records([tensor_event(0, "epoch_loss", 0.5), tensor_event(1, "epoch_loss", 0.25)])
        assert listed(events(data)) == {"epoch": [0, 1], "epoch_loss": [0.5, 0.25]}

    @pytest.mark.parametrize(
        "tensor",
        [
            field(1, 1) + field(5, 0.5, single=True),
            field(1, 1) + field(5, struct.pack("<f", 0.5)),
            field(1, 2) + field(6, 0.5),
            field(1, 2) + field(2, field(2, field(1, 1))) + field(4, struct.pack("<d", 0.5)),
        ],
    )
    def test_tensors_of_one_number(self, tensor: bytes) -> None:
        data = records([field(2, 3) + field(5, field(1, field(1, "x") + field(8, tensor)))])
        assert listed(events(data)) == {"step": [3], "x": [0.5]}

    def test_images_and_histograms_are_passed_over(self) -> None:
        tensor = field(1, 7) + field(2, field(2, field(1, 3))) + field(8, b"png")
        data = records([field(2, 3) + field(5, field(1, field(1, "x") + field(8, tensor)))])
        assert events(data).rows == 0

    def test_record_that_is_still_being_written(self) -> None:
        whole = tensorboard((1, {"loss": 0.5}), (2, {"loss": 0.25}))
        for end in range(len(whole) - 1, len(whole) - 30, -1):
            assert listed(events(whole[:end])) == {"step": [1], "loss": [0.5]}

    def test_files_of_a_run_that_was_resumed(self) -> None:
        files = [
            (PurePath("runs/a/events.1"), tensorboard((1, {"loss": 3}), (2, {"loss": 2}), (3, {"loss": 9}))),
            (PurePath("runs/a/events.2"), tensorboard((3, {"loss": 1}))),
        ]
        assert listed(read_events(files)) == {"step": [1, 2, 3], "loss": [3, 2, 1]}

    def test_folders_of_keras_and_of_add_scalars(self) -> None:
        files = [
            (PurePath("logs/train/events.1"), tensorboard((0, {"epoch_loss": 0.5}))),
            (PurePath("logs/validation/events.1"), tensorboard((0, {"epoch_loss": 0.75}))),
        ]
        assert list(listed(read_events(files))) == ["epoch", "train/epoch_loss", "validation/epoch_loss"]
        files = [(PurePath(f"runs/loss_{split}/events.1"), tensorboard((0, {"loss": 1}))) for split in ("train", "val")]
        assert list(listed(read_events(files))) == ["step", "loss_train", "loss_val"]

    def test_negative_step(self) -> None:
        assert listed(events(tensorboard((-1, {"test": 0.5})))) == {"step": [-1], "test": [0.5]}


class TestWandb:
    ROWS = ({"loss": 0.5, "val": {"acc": 80}}, {"loss": "NaN", "note": "x"}, {"loss": 0.25})

    @pytest.mark.parametrize("padding", [0, 100, 32_700, 70_000])
    def test_history_by_step(self, padding: int) -> None:
        assert listed(read_wandb(wandb(self.ROWS, padding))) == {
            "loss": [0.5, None, 0.25],
            "val.acc": [80, None, None],
            "_step": [0, 1, 2],
        }

    def test_record_that_is_still_being_written(self) -> None:
        assert listed(read_wandb(wandb(self.ROWS)[:-1]))["loss"] == [0.5, None]

    def test_step_outside_the_items(self) -> None:
        history = field(1, field(2, "val") + field(2, "acc") + field(16, "80")) + field(2, field(1, 7))
        whole = b":W&B\xe1\xbe\x00"
        record = field(2, history)
        data = whole + b"\0\0\0\0" + struct.pack("<HB", len(record), 1) + record
        assert listed(read_wandb(data)) == {"val.acc": [80], "_step": [7]}


class TestMlflow:
    def test_one_file_a_metric(self) -> None:
        files = [
            (RUN / "metrics/val_acc", b"1700 80.5 1\n1701 90.5 2\n"),
            (RUN / "metrics/train/loss", b"1700 0.5 1\n1701 0.2 2\n17"),
            (RUN / "metrics/system/cpu", b"1700 99 1\n"),
        ]
        assert listed(read_metrics(RUN, files)) == {"step": [1, 2], "val_acc": [80.5, 90.5], "train/loss": [0.5, 0.2]}

    def test_run_of_a_file(self) -> None:
        assert run_of(RUN / "metrics/train/loss") == RUN
        assert run_of(RUN / "params/lr") is None
        assert run_of(PurePath("metrics/loss")) is None


class TestJson:
    def test_trainer_state(self) -> None:
        history = [
            {"epoch": 0.5, "step": 10, "loss": 2.0, "learning_rate": 5e-05},
            {"epoch": 1.0, "step": 20, "loss": 1.5},
            {"epoch": 1.0, "step": 20, "eval_loss": 1.75, "eval_runtime": 1.0},
            {"epoch": 1.0, "step": 20, "total_flos": 1e15, "train_loss": 1.7, "train_runtime": 9.0},
        ]
        grid = settled(read_json(json.dumps({"best_metric": None, "epoch": 1.0, "log_history": history}).encode()))
        assert listed(grid)["epoch"] == [0.5, 1.0]
        assert (listed(grid)["loss"], listed(grid)["eval_loss"]) == ([2.0, 1.5], [None, 1.75])
        assert "total_flos" not in listed(grid)

    @pytest.mark.parametrize("running", [True, False])
    def test_lines_and_a_torn_one(self, running: bool) -> None:
        data = b'{"iteration": 19, "loss": 0.5, "lr": [1]}\n{"iteration": 39, "loss": NaN}\n{"iteration": 59, "lo'
        assert listed(read_json(data, running=running)) == {"iteration": [19, 39], "loss": [0.5, None]}

    def test_numbers_as_text_are_numbers_and_other_text_is_left_out(self) -> None:
        data = b'{"epoch": 1, "loss": "4.25", "wall": "-1e-3", "id": "3a", "host": "n1", "best": "Infinity"}\n'
        assert {name: column[0] for name, column in listed(read_json(data)).items() if name != "best"} == {
            "epoch": 1,
            "loss": 4.25,
            "wall": -0.001,
        }

    def test_a_last_line_without_a_line_feed_counts_after_the_end(self) -> None:
        data = b'{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.25}'
        assert listed(read_json(data))["epoch"] == [1, 2]
        assert listed(read_json(data, running=True))["epoch"] == [1]

    @pytest.mark.parametrize(
        "document",
        [
            [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}],
            {"epoch": [1, 2], "loss": [0.5, 0.25]},
            {"args": {"lr": 1}, "history": {"epoch": [1, 2], "loss": [0.5, 0.25]}},
            {"metrics": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]},
        ],
    )
    def test_documents(self, document: object) -> None:
        assert listed(read_json(json.dumps(document, indent=1).encode())) == {"epoch": [1, 2], "loss": [0.5, 0.25]}


READERS: list[Callable[[bytes], Grid]] = [
    read_json,
    read_wandb,
    events,
    lambda data: read_wandb(b":W&B\xe1\xbe\x00" + data),
    lambda data: read_metrics(RUN, [(RUN / "metrics/x", data)]),
]


@given(st.sampled_from(READERS), st.binary(max_size=200))
def test_never_fails(reader: Callable[[bytes], Grid], data: bytes) -> None:
    grid = reader(data)
    assert all(len(column.numbers) == grid.rows for column in grid.columns)


@given(st.sampled_from([wandb(TestWandb.ROWS), tensorboard((1, {"a": 1}), (2, {"a": 2}))]), st.data())
def test_damaged_files_never_fail(whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    read_wandb(damaged)
    events(damaged)
