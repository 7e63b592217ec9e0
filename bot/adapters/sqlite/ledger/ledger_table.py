"""The step of the version that adds the ledger. `fill` writes the entries of jobs and sweeps that have none."""

from bot.adapters.sqlite.connection import Connection


def create_ledger(connection: Connection) -> None:
    for statement in (
        # Derived from the job's row with each change of it; what a NULL sum would be, nobody knows.
        """CREATE TABLE ledger (
            id            TEXT PRIMARY KEY REFERENCES job (id),
            kind          TEXT NOT NULL,         -- job or sweep
            project       TEXT NOT NULL,
            asker_id      INTEGER NOT NULL,
            channel_id    INTEGER NOT NULL,
            created_at    REAL NOT NULL,
            counted_at    REAL NOT NULL,         -- the day and the month that it counts in
            ended_at      REAL,
            live          INTEGER NOT NULL,
            places        INTEGER NOT NULL,      -- live jobs; of a sweep, the trials that may run at once
            spent_seconds REAL NOT NULL,
            saved_seconds REAL NOT NULL,         -- of trials that were stopped early
            machines      INTEGER NOT NULL,
            spent_usd     REAL,
            reserved_usd  REAL                   -- what may still be spent
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX ledger_by_asker ON ledger (asker_id, counted_at)",
        "CREATE INDEX ledger_by_project ON ledger (project, counted_at)",
        "CREATE INDEX ledger_live ON ledger (project, asker_id) WHERE live",
        # The latest time at which anything was written: a clock that is set back begins no day a second time.
        "CREATE TABLE latest_time (only INTEGER PRIMARY KEY CHECK (only = 1), at REAL NOT NULL) STRICT",
        "INSERT INTO latest_time VALUES (1, 0)",
        # The last /pause or /resume.
        """CREATE TABLE pause (
            only       INTEGER PRIMARY KEY CHECK (only = 1),
            paused     INTEGER NOT NULL,
            by_id      INTEGER NOT NULL,
            by_name    TEXT NOT NULL,
            reason     TEXT NOT NULL,
            at         REAL NOT NULL,
            announced  TEXT NOT NULL             -- the channels that know, as JSON
        ) STRICT""",
    ):
        connection.execute(statement)
