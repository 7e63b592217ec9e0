"""Whether another bot runs with this token: it would answer the same commands."""

from bot.adapters.aws.clients import Client
from bot.adapters.aws.token_lease import read
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding


def token_check(s3: Client, uri: str, own_id: str) -> Check:
    """`own_id` is the id of this config's data folder, "" if no bot has run with it."""
    subject = "other bots with this token"

    async def look() -> Finding:
        found = await read(s3, uri)
        if found is None or not found.live:
            return Finding(subject, "none runs")
        seen = f"{found.by.host}, last sign {found.age:.0f} s ago"
        if found.by.id == own_id:
            return Finding(subject, f"none; the bot of this data_dir runs on {seen}")
        return Finding.note(
            subject,
            f"a bot with another data_dir runs on {seen}",
            "`signalbox run` would step back here. Stop that bot first, or give this one an application of its own.",
        )

    return Check(subject, look, "Check the project's bucket.", note_on=(ServiceError,))
