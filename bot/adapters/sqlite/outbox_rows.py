"""The outbox, inside a transaction of the caller's."""

from collections import defaultdict
from collections.abc import Sequence

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.inert import Inert
from bot.domain.posts import File, NewPost, Post, PostKind


def add(connection: Connection, posts: Sequence[NewPost], at: float, *, since: float | None = None) -> None:
    """Adds those whose key is new. `since`: they may have been sent from then on, by a bot whose store was lost."""
    for post in posts:
        added = connection.execute(
            """INSERT INTO post (key, job_id, lane, kind, text, digest, created_at, attempted_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING""",
            (post.key, post.job_id, post.lane, post.kind, storable(post.text), post.digest, at, since),
        )
        if added.rowcount:
            connection.written.posts += 1
            connection.executemany(
                "INSERT INTO post_file VALUES (?, ?, ?, ?, ?)",
                [(added.lastrowid, i, file.name, file.content, file.path) for i, file in enumerate(post.files)],
            )


def pending(connection: Connection) -> list[Post]:
    """The first undelivered post of each lane of each job, oldest first."""
    files: dict[int, list[File]] = defaultdict(list)
    for post_id, *file in connection.execute(
        """SELECT post_id, name, content, path FROM post_file WHERE post_id IN (SELECT id FROM post_next)
        ORDER BY post_id, place"""
    ):
        files[post_id].append(File(*file))
    rows = connection.execute(
        """SELECT id, key, kind, job_id, text, digest, created_at, attempted_at, attempts,
            (SELECT max(message_id) FROM post WHERE job_id = post_next.job_id AND lane = post_next.lane)
        FROM post_next ORDER BY id"""
    )
    return [
        Post(number, NewPost(key, PostKind(kind), job_id, text, tuple(files[number]), bool(digest)), *times)
        for number, key, kind, job_id, text, digest, *times in rows
    ]


def attempted(connection: Connection, post_id: int, at: float) -> None:
    connection.execute(
        "UPDATE post SET attempts = attempts + 1, attempted_at = coalesce(attempted_at, ?) WHERE id = ?", (at, post_id)
    )


def done(connection: Connection, post_id: int, message_id: int, at: float) -> str | None:
    """The id of the job whose post it is; None where the post was settled before. What was said lies in the chat now,
    so its text and its files go."""
    found = connection.execute(
        "UPDATE post SET message_id = ?, done_at = ?, text = '' WHERE id = ? AND done_at IS NULL RETURNING job_id",
        (message_id, at, post_id),
    ).fetchall()
    _drop_files(connection, post_id)
    return found[0][0] if found else None


def parked(connection: Connection, post_id: int, why: str, at: float) -> None:
    connection.execute(
        "UPDATE post SET parked = ?, done_at = ? WHERE id = ? AND done_at IS NULL", (storable(why), at, post_id)
    )
    _drop_files(connection, post_id)


def replaced(connection: Connection, post_id: int, text: Inert) -> None:
    """The nonce stays: the refused message was never made, so Discord does not know it."""
    connection.execute(
        "UPDATE post SET text = ?, digest = 0, attempted_at = NULL WHERE id = ? AND done_at IS NULL",
        (storable(text), post_id),
    )
    connection.written.posts += 1
    _drop_files(connection, post_id)


def _drop_files(connection: Connection, post_id: int) -> None:
    connection.execute("DELETE FROM post_file WHERE post_id = ?", (post_id,))
