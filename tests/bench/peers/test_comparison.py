"""The comparison with other tools: its table, the lines that each tool takes, and what is read from their stores."""

import json
import re
import sqlite3
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.peers.integrations import (
    CLEARML,
    MLFLOW,
    PACKAGES,
    TENSORBOARD,
    WEIGHTS,
    Integration,
    added_lines,
    integration,
    patched,
)
from bench.peers.peer_programs import EVENTS, JSON_LINES, PLAIN, PROGRAMS, WANDB, PeerProgram
from bench.peers.peer_runs import OURS, Seen, run_ours
from bench.peers.peer_table import BEGIN, COLUMNS, END, MISSING, cell, row
from bench.peers.stores import kept, values
from bench.programs.listing import DOCS

PAGE = (Path(__file__).parents[3] / DOCS).read_text()
CELL = re.compile(r"(\d+) lines?(?: and 1 of config)?; live [0-2] of 2(?:, \d of 3 in the end)?; files [0-2] of ([12])")
PAIRS = [(tool, program) for tool in PACKAGES for program in PROGRAMS]


def _lines(tool: str, program: PeerProgram) -> int:
    return 0 if tool == OURS else added_lines(program, integration(tool, program))


def test_the_page_has_every_program_with_every_tool_and_the_lines_that_it_takes() -> None:
    """What was live and kept is the command's."""
    written = PAGE.partition(BEGIN)[2].partition(END)[0]
    table = [[each.strip() for each in line.strip("|").split("|")] for line in written.splitlines() if line[:1] == "|"]
    assert table[0] == ["program", *COLUMNS]
    assert [line[0] for line in table[2:]] == [program.name for program in PROGRAMS]
    for program, cells in zip(PROGRAMS, table[2:], strict=True):
        for tool, text in zip(COLUMNS, cells[1:], strict=True):
            form = CELL.fullmatch(text)
            assert form, f"{program.name}, {tool}: {text}"
            assert form.groups() == (str(_lines(tool, program)), str(len(program.kept)))
    assert re.search(
        r"Measured on \d{4}-\d\d-\d\d with ClearML [\d.]+, MLflow [\d.]+, W&B [\d.]+, TensorBoard", written
    )


@pytest.mark.parametrize(("tool", "program"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_a_program_with_a_tools_lines_is_python(tool: str, program: PeerProgram) -> None:
    compile(patched(program, integration(tool, program)), program.name, "exec")


def test_programs_that_log_with_a_tool_take_no_line_of_it() -> None:
    assert [pair for pair in PAIRS if not _lines(*pair)] == [(WEIGHTS, WANDB), (TENSORBOARD, EVENTS)]


def test_changed_and_added_lines_count_and_a_missing_line_is_an_error() -> None:
    assert added_lines(PLAIN, Integration()) == 0
    added = Integration(top=["import a"], row=["a.log()"], swapped={"import time": "import time as time"})
    assert added_lines(PLAIN, added) == 3
    assert "        a.log()\n" in patched(PLAIN, added)
    with pytest.raises(ValueError, match="has no line 'import nothing'"):
        patched(PLAIN, Integration(swapped={"import nothing": ""}))


def test_a_cell_says_what_is_missing() -> None:
    assert cell(PLAIN, MLFLOW, Seen(3, 2, 3, 1)) == "3 lines; live 2 of 2; files 1 of 1"
    assert cell(PLAIN, MLFLOW, Seen(1, 0, 1, 0)) == "1 line; live 0 of 2, 1 of 3 in the end; files 0 of 1"
    assert cell(PLAIN, OURS, Seen(0, 2, 3, 1)) == "0 lines and 1 of config; live 2 of 2; files 1 of 1"
    assert cell(PLAIN, MLFLOW, Seen(1, 0, 0, 0, "no module")) == "failed: no module"
    assert row(PLAIN, {OURS: Seen(0, 2, 3, 1)})[CLEARML] == MISSING


def test_values_and_files_are_read_from_each_store(tmp_path: Path) -> None:
    assert all(values(tool, tmp_path) == [] and kept(tool, tmp_path, ["model.pt"]) == 0 for tool in PACKAGES)
    session = tmp_path / "clearml-cache" / "offline" / "offline-1"
    (session / "data" / "demo").mkdir(parents=True)
    lines = [
        [{"metric": "val_loss", "value": 1.0}],
        [{"metric": "val_loss", "value": 0.5}, {"metric": "x", "value": 9}],
    ]
    (session / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with zipfile.ZipFile(session / "data" / "demo" / "checkpoints.zip", "w") as archive:
        archive.writestr("epoch-3.pt", "weights")
    assert values(CLEARML, tmp_path) == [1.0, 0.5]
    assert kept(CLEARML, tmp_path, JSON_LINES.kept) == 1
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("CREATE TABLE metrics (key TEXT, value REAL, step INTEGER)")
        database.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?)", [("val_loss", 0.5, 2), ("val_loss", 1, 1), ("x", 9, 1)]
        )
        database.commit()
    (tmp_path / "mlruns" / "0" / "run" / "artifacts").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "run" / "artifacts" / "model.pt").touch()
    assert values(MLFLOW, tmp_path) == [1.0, 0.5]
    assert kept(MLFLOW, tmp_path, JSON_LINES.kept) == 1


@pytest.mark.slow
def test_our_run_sees_rows_while_the_program_trains(tmp_path: Path) -> None:
    quick = replace(PLAIN, script=PLAIN.script.replace("sleep(7)", "sleep(4)"))
    assert run_ours(quick, sys.executable, tmp_path) == Seen(0, 2, 3, 1)
