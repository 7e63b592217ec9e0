import math
from pathlib import Path

import numpy as np
import pytest

from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.csv_table import MOST_COLUMNS, NO_ROWS, read_csv
from trainer.metrics.tables.grid import Grid
from trainer.metrics.tables.header import NOT_A_TABLE

PLAIN = {"epoch": [1.0, 2.0, 3.0], "val_accuracy": [90.5, 92.25, 93.0]}

FRAMED = """\
+-------+--------------+
| epoch | val_accuracy |
+-------+--------------+
|     1 |         90.5 |
|     2 |        92.25 |
|     3 |           93 |
+-------+--------------+
"""
RICH = """\
┏━━━━━━━┳━━━━━━━━━━━━━━┓
┃ epoch ┃ val_accuracy ┃
┡━━━━━━━╇━━━━━━━━━━━━━━┩
│ 1     │ 90.5         │
│ 2     │ 92.25        │
│ 3     │ 93           │
└───────┴──────────────┘
"""


def listed(grid: Grid) -> dict[str, list[float | None]]:
    """Columns with None in place of NaN, so that they compare."""
    return {column.name: [None if math.isnan(value) else value for value in column.numbers] for column in grid.columns}


def read(text: str) -> dict[str, list[float | None]]:
    return listed(read_csv(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "epoch,val_accuracy\n1,90.5\n2,92.25\n3,93\n",
        "epoch,val_accuracy\r1,90.5\r2,92.25\r3,93\r",
        "epoch,val_accuracy\r\n1,90.5\r\n2,92.25\r\n3,93\r\n",
        "epoch,val_accuracy,\n1,90.5,\n2,92.25,\n3,93,\n",
        "epoch,val_accuracy\n1,90.5,\n2,92.25,\n3,93,\n",
        "epoch\tval_accuracy\n1\t90,5\n2\t92,25\n3\t93,0\n",
        "epoch;val_accuracy\n1;90,5\n2;92,25\n3;93,0\n",
        'epoch,val_accuracy\n1,"90,5"\n2,"92,25"\n3,"93,0"\n',
        "sep=;\nepoch;val_accuracy\n1;90,5\n2;92,25\n3;93,0\n",
        "# epoch,val_accuracy\n1,90.5\n2,92.25\n3,93\n",
        "# epoch,val_accuracy\n1.0e+00 9.05e+01\n2.0e+00 9.225e+01\n3.0e+00 9.3e+01\n",
        "#epoch val_accuracy\n1 90.5\n2 92.25\n3 93\n",
        "% run of today\n% epoch\tval_accuracy\n1\t90.5\n2\t92.25\n3\t93\n",
        '#{"t_start": 1.5, "env_id": "Walker"}\nepoch,val_accuracy\n1,90.5\n2,92.25\n3,93\n',
        "epoch val_accuracy\n1   90.5\n2   92.25\n3   93\n",
        "  epoch   val_accuracy\n0     1       90.5\n1     2       92.25\n2     3       93.0\n",
        "| epoch | val_accuracy |\n|-------|-------------:|\n| 1 | 90.5 |\n| 2 | 92.25 |\n| 3 | 93 |\n",
        "epoch|val_accuracy\n1|90.5\n2|92.25\n3|93\n",
        FRAMED,
        RICH,
        "epoch,val_accuracy\n1,90.5%\n2,92.25 %\n3,93%\n",
        "epoch,val_accuracy\n1,tensor(90.5)\n2,\"tensor(92.25, device='cuda:0')\"\n3,tensor(93., device='cuda:0')\n",
        "epoch,val_accuracy\n1,np.float64(90.5)\n2,[92.25]\n3,array(93.)\n",
        "epoch,val_accuracy\n1,tensor(90.5, grad_fn=<MeanBackward0>)\n2,92.25\n3,tensor([93.])\n",
        "My run of today\nepoch,val_accuracy\n1,90.5\n2,92.25\n3,93\n",
        ",epoch,val_accuracy\n0,1,90.5\n1,2,92.25\n2,3,93\n",
        "Unnamed: 0,epoch,val_accuracy\n0,1,90.5\n1,2,92.25\n2,3,93\n",
        "epoch,val_accuracy\n1,90.5\n\n2,92.25\n,\n3,93\n\n",
        "epoch,val_accuracy\n1,90.5\n# a remark\n2,92.25\n3,93\n",
        "'epoch','val_accuracy'\n1,90.5\n2,92.25\n3,93\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_table_is_read_however_it_was_written(text: str, encoding: str) -> None:
    if encoding == "utf-16-le" and not text.isascii():
        encoding = "utf-16"  # nobody could tell without its mark
    grid = read_csv(text.encode(encoding))
    assert listed(grid) == PLAIN
    assert not [remark for remark in grid.remarks if "cells than the header" not in remark]


@pytest.mark.parametrize("delimiter", [",", " ", ";", "\t"])
@pytest.mark.parametrize("header", ["epoch,val_accuracy", "epoch val_accuracy"])
def test_table_of_numpy_keeps_its_names(tmp_path: Path, delimiter: str, header: str) -> None:
    rows = np.array(list(zip(*PLAIN.values(), strict=True)))
    np.savetxt(tmp_path / "m.csv", rows, delimiter=delimiter, header=header)
    assert listed(read_csv((tmp_path / "m.csv").read_bytes())) == PLAIN


def test_a_commented_header_tells_the_delimiter_of_rows_that_show_one_cell() -> None:
    """The first row lacks its last value, and each row could be a number with a decimal comma."""
    grid = read_csv(b"# epoch,val_accuracy\n1,\n2,0.0")
    assert [column.name for column in grid.columns] == ["epoch", "val_accuracy"]
    assert list(grid.columns[0].numbers) == [1, 2]


def test_shorter_rows_keep_what_they_have() -> None:
    assert read("epoch,loss,val\n1,0.5\n2,0.25,9\n") == {"epoch": [1, 2], "loss": [0.5, 0.25], "val": [None, 9]}


def test_column_that_comes_late_keeps_its_values() -> None:
    grid = read_csv(b"epoch,loss\n1,0.5\n2,0.25\n3,0.2,0.9\n4,0.1,0.95\n")
    assert listed(grid) == {
        "epoch": [1, 2, 3, 4],
        "loss": [0.5, 0.25, 0.2, 0.1],
        "column_3": [None, None, 0.9, 0.95],
    }
    assert grid.remarks == ["2 lines had more cells than the header."]


def test_header_that_grows_names_the_late_column() -> None:
    assert read("epoch,loss\n1,0.5\nepoch,loss,val\n2,0.25,0.9\n") == {
        "epoch": [1, 2],
        "loss": [0.5, 0.25],
        "val": [None, 0.9],
    }


def test_last_row_counts_once_the_command_has_ended() -> None:
    data = b"epoch,val\n1,90\n2,92\n3,93"
    assert listed(read_csv(data, running=True))["val"] == [90, 92]
    assert listed(read_csv(data, complete=True))["val"] == [90, 92, 93]
    assert listed(read_csv(data))["val"] == [90, 92, 93]


@pytest.mark.parametrize("end", ["3", "3,", "3,0", "3,0.", "3,1e", "3,-", '3,"x', "3,ten"])
def test_last_row_that_looks_torn_is_left_out(end: str) -> None:
    grid = read_csv(f"epoch,loss\n1,0.5\n2,0.25\n{end}".encode())
    assert [column.numbers.tolist() for column in grid.columns] == [[1, 2], [0.5, 0.25]]
    assert grid.remarks == ["The last line was torn and is left out."]


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss\n1,0,5\n2,0,25\n",
        "epoch,loss\n1,0,5\n2,1\n3,0,25\n",
    ],
)
def test_commas_that_may_be_decimal_are_refused_in_words(text: str) -> None:
    grid = read_csv(text.encode())
    assert grid.columns == []
    assert "semicolons or tabs" in grid.remarks[0]


@pytest.mark.parametrize("data", [bytes(range(256)) + b"\n", b"PK\x03\x04" * 50, b"Traceback\n  File x\nError: y\n"])
def test_what_is_no_table_has_no_columns(data: bytes) -> None:
    grid = read_csv(data)
    assert grid.columns == []
    assert grid.remarks


def test_words_for_no_number_are_numbers() -> None:
    grid = read_csv(b"epoch,loss\n1,nan\n2,None\n3,inf\n4,-1.#IND\n")
    assert [column.texts for column in grid.columns] == [0, 0]
    assert grid.columns[1].numbers[2] == math.inf


def test_header_and_emptiness_are_named() -> None:
    assert read_csv(b"epoch,loss\n").columns[0].name == "epoch"
    assert read_csv(b"epoch,lo").remarks == [NO_ROWS]
    assert read_csv(b"\n,,\n").remarks == ["The file is empty."]
    assert read_csv(b'a,"' + 200_000 * b"x" + b"\n").remarks == [NOT_A_TABLE]


def test_names_are_told_apart_and_have_an_end() -> None:
    assert list(read("loss,loss,\n1,2,7\n")) == ["loss", "loss (2)", "column_3"]
    wide = ",".join(f"c{n}" for n in range(2_000)) + "\n" + ",".join("1" * 2_000) + "\n"
    assert len(read(wide)) == MOST_COLUMNS


def test_rows_after_a_header_that_came_again_replace_those_they_repeat() -> None:
    grid = settled(read_csv(b"epoch,loss\n1,1\n2,2\n3,3\nepoch,loss\n2,4\n3,5\n"))
    assert listed(grid) == {"epoch": [1, 2, 3], "loss": [1, 4, 5]}
    assert grid.remarks == ["2 rows of an earlier attempt came again later; the later ones count."]


def test_epochs_that_come_again_below_one_header_all_count() -> None:
    grid = settled(read_csv(b"epoch,loss\n1,3\n2,2\n1,5\n2,1\n"))
    assert listed(grid) == {"epoch": [1, 2, 1, 2], "loss": [3, 2, 5, 1]}


def test_parts_of_one_step_become_one_row() -> None:
    grid = settled(read_csv(b"epoch,step,train_loss,val_loss\n0,9,0.5,\n0,9,,0.6\n1,19,0.4,\n1,19,,0.5\n"))
    assert listed(grid) == {"epoch": [0, 1], "step": [9, 19], "train_loss": [0.5, 0.4], "val_loss": [0.6, 0.5]}
