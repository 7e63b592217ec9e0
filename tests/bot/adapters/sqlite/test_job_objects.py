"""The step that turns the flat rows of version 3 into value objects."""

import json
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.connection import connect
from bot.adapters.sqlite.schema import MIGRATIONS, migrate
from bot.domain.model.job import Job
from bot.domain.model.states import JobState
from bot.errors import StoreError

OLD = 3
JOB: dict[str, Any] = {
    "id": "k7q2mx",
    "project": "mnist",
    "commit": {"sha": "a" * 40, "branch": "main"},
    "parameters": {"batch_id": 5, "lr": math.inf},
    "asker_id": 1,
    "asker_name": "mika",
    "channel_id": 7,
    "interaction_id": 9,
    "created_at": 1.0,
    "timeout_seconds": 60,
    "state": "RUNNING",
    "batch_id": "b-1",
}


def _old_store(path: Path, *rows: dict[str, Any], trials: tuple[dict[str, Any], ...] = ()) -> None:
    with closing(connect(path)) as db:
        migrate(db, MIGRATIONS[:OLD])
        for row in rows:
            db.execute(
                """INSERT INTO job (id, interaction_id, project, channel_id, asker_id, batch_id, live, open, log_posted,
                json) VALUES (?, ?, 'mnist', 7, 1, ?, 1, 1, 0, ?)""",
                (row["id"], row["interaction_id"], row.get("batch_id"), json.dumps(row)),
            )
        for trial in trials:
            db.execute("INSERT INTO trial VALUES (?, ?, 1, ?)", (JOB["id"], trial["number"], json.dumps(trial)))


async def test_fields_that_an_old_row_lacks_get_their_defaults(tmp_path: Path) -> None:
    _old_store(tmp_path / "store.db", JOB)
    async with open_store(tmp_path / "store.db") as store:
        job = await store.by_engine_id("b-1")
    assert isinstance(job, Job)
    assert (job.execution.state, job.execution.attempts, job.publication.card_id) == (JobState.RUNNING, (), None)


async def test_a_parameter_keeps_its_name_and_its_value(tmp_path: Path) -> None:
    trial = {"number": 0, "batch_id": "b-1:0", "parameters": {"batch_id": 5}, "value": math.nan, "reported": True}
    _old_store(tmp_path / "store.db", JOB, trials=(trial,))
    async with open_store(tmp_path / "store.db") as store:
        (job,) = await store.jobs()
        (read,) = await store.trials(JOB["id"])
    assert job.run.parameters == {"batch_id": 5, "lr": math.inf}
    assert (read.engine_id, read.parameters, read.announced) == ("b-1:0", {"batch_id": 5}, True)
    assert math.isnan(read.value or 0.0)


async def test_a_row_that_cannot_be_read_leaves_the_old_store_as_it_is(tmp_path: Path) -> None:
    _old_store(tmp_path / "store.db", JOB, {"id": "torn", "interaction_id": 10, "part": {}})
    with pytest.raises(StoreError, match="cannot read"), closing(connect(tmp_path / "store.db")) as db:
        migrate(db)
    with closing(sqlite3.connect(tmp_path / "store.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (OLD,)
        assert json.loads(db.execute("SELECT json FROM job WHERE id = 'k7q2mx'").fetchone()[0]) == JOB
