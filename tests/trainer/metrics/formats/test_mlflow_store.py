"""MLflow's SQLite store, read while somebody writes it, whatever it holds."""

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.programs.logger_files import mlflow_metric, mlflow_run, mlflow_store
from trainer.metrics.formats import mlflow_store as reading
from trainer.metrics.formats.mlflow_store import read_runs
from trainer.metrics.sources import Sources
from trainer.metrics.tables.grid import Grid

RUN, OTHER = "0" * 32, "1" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mlflow.db"


@pytest.fixture
def store(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(mlflow_store(str(path))) as database:
        mlflow_run(database, RUN, 1000)
        yield database


def losses(store: Path) -> list[float]:
    runs = read_runs(store)
    assert runs is not None
    column = runs[RUN].column("val_loss") if RUN in runs else None
    return list(column.numbers) if column is not None else []


def test_one_row_for_each_step(store: sqlite3.Connection, path: Path) -> None:
    for step, loss in enumerate((0.5, math.nan, -math.inf)):
        mlflow_metric(store, RUN, 1001 + step, step, val_loss=loss, **{"system/cpu": 99})
    mlflow_metric(store, RUN, 1009, 2, acc=90)
    assert read_runs(path) is not None
    runs = read_runs(path) or {}
    assert runs[RUN].csv() == "step,val_loss,acc\n0,0.5,\n1,nan,\n2,-inf,90\n"


def test_values_without_a_step_are_numbered(store: sqlite3.Connection, path: Path) -> None:
    """`mlflow.log_metric("loss", x)` without a step logs each at step 0."""
    for at, loss in enumerate((0.5, 0.4, 0.3)):
        mlflow_metric(store, RUN, 1001 + at, 0, val_loss=loss)
    mlflow_metric(store, RUN, 1010, 0, test_loss=0.35)
    runs = read_runs(path) or {}
    assert runs[RUN].csv() == "step,val_loss,test_loss\n1,0.5,\n2,0.4,\n3,0.3,0.35\n"


def test_rows_that_are_only_in_the_write_ahead_log(store: sqlite3.Connection, path: Path) -> None:
    store.execute("PRAGMA journal_mode = WAL")
    size = path.stat().st_size
    mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)
    assert path.stat().st_size == size
    assert losses(path) == [0.5]


def test_an_open_transaction_is_neither_read_nor_disturbed(store: sqlite3.Connection, path: Path) -> None:
    mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)
    store.execute("BEGIN EXCLUSIVE")
    mlflow_metric(store, RUN, 1002, 2, val_loss=0.4)
    assert losses(path) == [0.5]
    store.execute("COMMIT")
    assert losses(path) == [0.5, 0.4]


def test_a_half_written_transaction_is_rolled_back_in_the_copy(store: sqlite3.Connection, path: Path) -> None:
    """SQLite writes pages of a large transaction before its end; its journal has what they were."""
    store.execute("BEGIN")
    for step in range(500):
        mlflow_metric(store, RUN, 1001 + step, step, val_loss=0.5)
    store.execute("COMMIT")
    store.execute("PRAGMA cache_size = 2")
    before = path.read_bytes()
    store.execute("BEGIN")
    store.execute("UPDATE metrics SET value = 0.1")
    assert path.read_bytes()[: len(before)] != before
    assert losses(path) == [0.5] * 500
    store.execute("ROLLBACK")


def test_the_writer_never_waits(store: sqlite3.Connection, path: Path) -> None:
    """Its busy time-out is 0 here: a single lock of ours would make it fail. What is read is never torn."""
    failures: list[BaseException] = []
    connection = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)

    def write() -> None:
        try:
            for step in range(150):
                mlflow_metric(connection, RUN, 1001 + step, step, val_loss=float(step))
        except sqlite3.Error as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    counts = [0]
    while writer.is_alive():
        runs = read_runs(path)
        if runs:
            column = runs[RUN].column("val_loss")
            assert column is not None
            assert list(column.numbers) == list(range(len(column.numbers)))
            counts.append(len(column.numbers))
    connection.close()
    assert not failures
    assert counts == sorted(counts)
    assert len(losses(path)) == 150


def test_the_store_itself_is_never_opened(
    store: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    connect = sqlite3.connect

    def noted(name: Path, **options: object) -> sqlite3.Connection:
        opened.append(str(name))
        return connect(name, isolation_level=None)

    monkeypatch.setattr(sqlite3, "connect", noted)
    mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)
    before = sorted(each.name for each in path.parent.iterdir())
    assert losses(path) == [0.5]
    assert opened
    assert str(path) not in opened
    assert sorted(each.name for each in path.parent.iterdir()) == before


def test_a_store_that_changes_meanwhile_is_read_later(
    store: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = reading._copy

    def slowly(source: Path, target: Path) -> None:
        copy(source, target)
        mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)

    monkeypatch.setattr(reading, "_copy", slowly)
    assert read_runs(path) is None


def test_runs_from_before_are_left_out(store: sqlite3.Connection, path: Path) -> None:
    mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)
    mlflow_run(store, OTHER, 2000)
    mlflow_metric(store, OTHER, 2001, 1, val_loss=0.4)
    assert list(read_runs(path) or {}) == [OTHER, RUN]
    assert list(read_runs(path, since=1500) or {}) == [OTHER]
    mlflow_metric(store, RUN, 2002, 2, val_loss=0.3)
    assert list(read_runs(path, since=1500) or {}) == [OTHER, RUN], "it goes on with the earlier run"


def test_a_run_of_the_final_test_does_not_replace_the_curve(tmp_path: Path) -> None:
    sources = Sources(tmp_path, tmp_path / "output", metric="val_loss")
    sources.begin()
    with closing(mlflow_store(str(tmp_path / "mlflow.db"))) as database:
        mlflow_run(database, RUN, 1000)
        for step in (1, 2, 3):
            mlflow_metric(database, RUN, 1000 + step, step, val_loss=1 / step)
        mlflow_run(database, OTHER, 2000)
        mlflow_metric(database, OTHER, 2000, 0, val_loss=0.9)
    assert sources.content() == b"step,val_loss\n1,1\n2,0.5\n3,0.3333333333333333\n"


def test_rows_in_the_write_ahead_log_alone_are_live(tmp_path: Path) -> None:
    with closing(mlflow_store(str(tmp_path / "mlflow.db"))) as database:
        database.execute("PRAGMA journal_mode = WAL")
        mlflow_run(database, RUN, 2e9)
        mlflow_metric(database, RUN, 2e9, 1, val_loss=0.5)
        sources = Sources(tmp_path, tmp_path / "output", metric="val_loss")
        sources.begin()
        assert sources.content() == b""
        mlflow_metric(database, RUN, 2e9 + 1, 2, val_loss=0.4)
        assert sources.content() == b"step,val_loss\n1,0.5\n2,0.4\n"


def _random(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40 + b"latest_metrics")


def _views(path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE VIEW runs AS {endless} i AS run_uuid, 9e15 AS start_time FROM n")
        database.execute(f"CREATE VIEW metrics AS {endless} 'a' AS key, i AS step, 1 AS value, 0 AS is_nan FROM n")
        database.execute("CREATE TABLE latest_metrics (a)")


def _other_columns(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE runs (a); CREATE TABLE metrics (b); CREATE TABLE latest_metrics (c);")


def _odd_types(path: Path) -> None:
    with closing(mlflow_store(str(path))) as database:
        mlflow_run(database, RUN, 1000)
        for key, value, step in ((b"\xff", 1.0, 1), ("a", "text", 1), ("b", 1.0, "x"), ("c" * 300_000, 1.0, 2)):
            database.execute("INSERT INTO metrics VALUES (?, ?, 1, ?, ?, 0)", (key, value, RUN, step))


@pytest.mark.parametrize("make", [_random, _views, _other_columns, _odd_types, Path.touch, Path.mkdir])
def test_whatever_it_holds_nothing_fails(path: Path, make: Callable[[Path], object]) -> None:
    make(path)
    runs = read_runs(path)
    assert runs is None or not any(grid.rows for grid in runs.values())


def test_a_store_that_is_cut_anywhere_never_fails(store: sqlite3.Connection, path: Path) -> None:
    for step in range(200):
        mlflow_metric(store, RUN, 1001 + step, step, val_loss=0.5)
    whole = path.read_bytes()
    for end in range(0, len(whole), 6_999):
        path.write_bytes(whole[:end])
        runs = read_runs(path)
        assert runs is None or all(isinstance(grid, Grid) for grid in runs.values())


@pytest.mark.parametrize(
    ("limit", "value", "word"), [("LARGEST_BYTES", 10_000, "larger than"), ("MOST_SECONDS", -1, "")]
)
def test_a_huge_one_is_bounded(
    limit: str, value: float, word: str, store: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.execute("BEGIN")
    for step in range(2000):
        mlflow_metric(store, RUN, 1001 + step, step, val_loss=0.5)
    store.execute("COMMIT")
    monkeypatch.setattr(reading, limit, value)
    runs = read_runs(path)
    assert not any(grid.rows for grid in (runs or {}).values())
    assert word in str(runs)


def test_only_the_newest_points_of_a_long_run(
    store: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_POINTS", 2)
    for step in range(4):
        mlflow_metric(store, RUN, 1001 + step, step, val_loss=float(step))
    assert losses(path) == [2, 3]


def test_a_python_without_sqlite(store: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow_metric(store, RUN, 1001, 1, val_loss=0.5)
    monkeypatch.setattr(reading, "sqlite3", None)
    assert read_runs(path) == {}
