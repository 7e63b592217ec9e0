"""The step of version 6: log lines in a table that takes little more than their size, and what a job's log may take.

Without a rowid, a row above about 1,000 bytes leaves its page for one of its own: a B-tree of keys holds at most a
quarter page of each, one of rowids a whole page. https://www.sqlite.org/fileformat2.html#b_tree_pages
"""

from bot.adapters.sqlite.connection import Connection

ROW_BYTES = 200
"""What a line takes beside its text: twice its event id, its stream, its time, and the two trees."""


def line_tables(connection: Connection) -> None:
    for statement in (
        """CREATE TABLE log_line (
            id        INTEGER PRIMARY KEY,       -- the job's number, 32 bits to the left, and the line's
            job       INTEGER NOT NULL,          -- its number
            event_id  TEXT NOT NULL,
            stream_id INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            message   TEXT NOT NULL
        ) STRICT""",
        """INSERT INTO log_line
            SELECT (job.number << 32) + log_event.number, job.number, event_id, stream_id, timestamp, message
            FROM log_event JOIN job ON job.id = log_event.job_id ORDER BY 1""",
        "CREATE UNIQUE INDEX log_line_once ON log_line (job, event_id)",
        "DROP TABLE log_event",
        # `log_total` counts all lines. Of a log beyond its cap, those from `log_head` up to `log_tail` are dropped.
        "ALTER TABLE job ADD COLUMN log_stored INTEGER NOT NULL DEFAULT 0",  # bytes
        "ALTER TABLE job ADD COLUMN log_bytes INTEGER NOT NULL DEFAULT 0",  # of all lines, the dropped ones included
        "ALTER TABLE job ADD COLUMN log_head INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE job ADD COLUMN log_tail INTEGER NOT NULL DEFAULT 0",
        # Lines of a stream up to this time (ms) may have been dropped: read again, they are not new.
        "ALTER TABLE log_stream ADD COLUMN dropped_until INTEGER NOT NULL DEFAULT -1",
    ):
        connection.execute(statement)
    connection.execute(
        """UPDATE job SET log_bytes = stored.bytes, log_stored = stored.bytes + ? * job.log_total
        FROM (SELECT job, sum(length(CAST(message AS BLOB))) AS bytes FROM log_line GROUP BY job) AS stored
        WHERE stored.job = job.number""",
        (ROW_BYTES,),
    )
