"""The tables, as steps from one version to the next. A step that has been released is never changed."""

from collections.abc import Callable, Sequence

from bot.adapters.sqlite.audit.audit_table import create_audit
from bot.adapters.sqlite.audit.channel_rows import create_audit_channel
from bot.adapters.sqlite.connection import Connection, transaction
from bot.adapters.sqlite.job_objects import job_objects
from bot.adapters.sqlite.ledger.cost_columns import add_cost_columns
from bot.adapters.sqlite.ledger.ledger_table import create_ledger
from bot.adapters.sqlite.ledger.machine_rows import create_machines
from bot.adapters.sqlite.ledger.watch_rows import create_watches
from bot.adapters.sqlite.ledger.weekly_rows import create_weekly
from bot.adapters.sqlite.lines.line_tables import line_tables
from bot.errors import StoreError

APPLICATION_ID = 0x51C4A1B0
"""In the file's header: a store of ours, and not another program's database."""

Migration = Callable[[Connection], None]


def migrate(connection: Connection, migrations: Sequence[Migration] | None = None) -> None:
    """Brings the store to the newest version; each step is applied and recorded in one transaction.

    Raises `StoreError` for a store of a newer version, and for a database that is not a store.
    """
    steps = MIGRATIONS if migrations is None else migrations
    version = _number(connection, "PRAGMA user_version")
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        if _number(connection, "SELECT count(*) FROM sqlite_schema"):
            raise StoreError("The file is a database of another program. Give the bot a data_dir of its own.")
        version = 0
    if version > len(steps):
        raise StoreError(
            f"The store has version {version}, and this bot knows versions up to {len(steps)}: a newer bot has "
            "written it.\nInstall that version of Signalbox or a newer one, or restore a snapshot from before."
        )
    for number, step in enumerate(steps[version:], version + 1):
        with transaction(connection):
            step(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")


def _number(connection: Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _first(connection: Connection) -> None:
    for statement in (
        # A job is its JSON; the other columns are what it is looked up by, written with it.
        """CREATE TABLE job (
            number         INTEGER PRIMARY KEY,  -- in the order of arrival
            id             TEXT NOT NULL UNIQUE,
            interaction_id INTEGER NOT NULL UNIQUE,
            project        TEXT NOT NULL,
            channel_id     INTEGER NOT NULL,
            asker_id       INTEGER NOT NULL,
            batch_id       TEXT,
            live           INTEGER NOT NULL,
            open           INTEGER NOT NULL,     -- whether it needs anything still
            log_posted     INTEGER NOT NULL,
            log_total      INTEGER NOT NULL DEFAULT 0,
            json           TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX job_by_batch_id ON job (batch_id) WHERE batch_id IS NOT NULL",
        "CREATE INDEX job_by_project ON job (project)",
        "CREATE INDEX job_by_channel ON job (channel_id)",
        "CREATE INDEX job_by_asker ON job (asker_id)",
        "CREATE INDEX job_open ON job (number) WHERE open",
        "CREATE INDEX job_behind ON job (number) WHERE log_total > log_posted",
        # The outbox. A number is never given twice, as the nonce is made of it.
        """CREATE TABLE post (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            key          TEXT NOT NULL UNIQUE,
            job_id       TEXT NOT NULL REFERENCES job (id),
            lane         TEXT NOT NULL,
            kind         TEXT NOT NULL,
            text         TEXT NOT NULL,
            digest       INTEGER NOT NULL,
            created_at   REAL NOT NULL,
            attempted_at REAL,
            attempts     INTEGER NOT NULL DEFAULT 0,
            message_id   INTEGER,
            done_at      REAL,                   -- delivered, or parked
            parked       TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        "CREATE INDEX post_pending ON post (job_id, lane) WHERE done_at IS NULL",
        "CREATE INDEX post_by_lane ON post (job_id, lane, message_id)",
        """CREATE VIEW post_next AS SELECT * FROM post
            WHERE id IN (SELECT min(id) FROM post WHERE done_at IS NULL GROUP BY job_id, lane)""",
        """CREATE TABLE post_file (
            post_id INTEGER NOT NULL REFERENCES post (id),
            place   INTEGER NOT NULL,
            name    TEXT NOT NULL,
            content BLOB NOT NULL,
            path    TEXT NOT NULL,
            PRIMARY KEY (post_id, place)
        ) STRICT""",
        """CREATE TABLE log_stream (
            id     INTEGER PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES job (id),
            name   TEXT NOT NULL,
            newest INTEGER NOT NULL,             -- ms since the epoch
            UNIQUE (job_id, name)
        ) STRICT""",
        """CREATE TABLE log_event (
            job_id    TEXT NOT NULL,
            number    INTEGER NOT NULL,          -- from 0, without gaps
            event_id  TEXT NOT NULL,
            stream_id INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            message   TEXT NOT NULL,
            PRIMARY KEY (job_id, number)
        ) STRICT, WITHOUT ROWID""",
        "CREATE UNIQUE INDEX log_event_once ON log_event (job_id, event_id)",
    ):
        connection.execute(statement)


def renumber(connection: Connection) -> None:
    """The nonces are made of the posts' numbers, so a store that takes the place of a lost one begins beyond its."""
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'post'")
    connection.execute(
        """INSERT INTO sqlite_sequence (name, seq)
        SELECT 'post', max(coalesce((SELECT max(id) FROM post), 0),
            CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))  -- milliseconds since the epoch"""
    )


def _sweeps(connection: Connection) -> None:
    for statement in (
        "ALTER TABLE job ADD COLUMN part_of TEXT REFERENCES job (id)",  # of a part: its sweep
        "CREATE INDEX job_part ON job (part_of) WHERE part_of IS NOT NULL",
        # Parts are many, and nobody lists them.
        "CREATE INDEX job_whole ON job (number) WHERE part_of IS NULL",
        "DROP INDEX job_by_project",
        "DROP INDEX job_by_channel",
        "DROP INDEX job_by_asker",
        "CREATE INDEX job_by_project ON job (project) WHERE part_of IS NULL",
        "CREATE INDEX job_by_channel ON job (channel_id) WHERE part_of IS NULL",
        "CREATE INDEX job_by_asker ON job (asker_id) WHERE part_of IS NULL",
        # A trial is its JSON, and so is a draft: a sweep that nobody has confirmed yet.
        """CREATE TABLE trial (
            sweep_id TEXT NOT NULL REFERENCES job (id),
            number   INTEGER NOT NULL,           -- from 0
            open     INTEGER NOT NULL,           -- whether there is anything to learn of it still
            json     TEXT NOT NULL,
            PRIMARY KEY (sweep_id, number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE draft (
            id      TEXT PRIMARY KEY,
            made_at REAL NOT NULL,
            json    TEXT NOT NULL
        ) STRICT""",
    ):
        connection.execute(statement)


MIGRATIONS: Sequence[Migration] = (
    _first,
    renumber,
    _sweeps,
    job_objects,
    create_audit,
    line_tables,
    create_audit_channel,
    create_ledger,
    add_cost_columns,
    create_machines,
    create_weekly,
    create_watches,
)
