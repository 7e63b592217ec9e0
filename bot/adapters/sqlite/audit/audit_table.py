"""The step of the version that adds the audit: append-only as far as SQLite can keep it so.

The triggers stop a mistake and a careless hand. Whoever may write the file can drop them; the chain shows that.
"""

from bot.adapters.sqlite.connection import Connection
from bot.domain.audit.chain import GENESIS

_FIELDS = {
    "once": "once",
    "at": "at",
    "person_id": "by.id",
    "job": "job",
    "project": "project",
    "what": "what",
    "does": "does",
    "decided": "decided",
}
"""Columns to search by. They are computed from the content, so nothing but the content can be changed."""


def create_audit(connection: Connection) -> None:
    columns = "".join(
        f", {column} {'REAL' if column == 'at' else 'TEXT'} GENERATED ALWAYS AS (json_extract(content, '$.{path}'))"
        for column, path in _FIELDS.items()
    )
    for statement in (
        f"""CREATE TABLE audit (
            number  INTEGER PRIMARY KEY,     -- from 1, without gaps
            content TEXT NOT NULL,           -- canonical JSON, with the number and the hash of the entry before
            hash    TEXT NOT NULL            -- SHA-256 of the content
            {columns}
        ) STRICT""",
        "CREATE UNIQUE INDEX audit_once ON audit (once)",
        "CREATE INDEX audit_by_person ON audit (person_id)",
        "CREATE INDEX audit_by_job ON audit (job) WHERE job <> ''",
        "CREATE INDEX audit_by_time ON audit (at)",
        _refusing("UPDATE", "1"),
        _refusing("DELETE", "1"),
        # INSERT OR REPLACE deletes without a DELETE trigger, so the place of a new row is checked as well.
        _refusing(
            "INSERT",
            f"""NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
            OR json_extract(NEW.content, '$.number') IS NOT NEW.number
            OR json_extract(NEW.content, '$.previous') IS NOT
                coalesce((SELECT hash FROM audit ORDER BY number DESC LIMIT 1), '{GENESIS}')""",  # noqa: S608 (a constant)
        ),
    ):
        connection.execute(statement)


def _refusing(verb: str, condition: str) -> str:
    return f"""CREATE TRIGGER audit_refuses_{verb.lower()} BEFORE {verb} ON audit WHEN {condition}
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"""
