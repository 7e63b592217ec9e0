"""Links to a job's card and thread, and the job's project."""

from bot.chat.interactions import BoxClient
from bot.domain.model.job import Job
from bot.domain.project import Project


def card_link(client: BoxClient, job: Job, message_id: int | None = None) -> str:
    """The address of the job's card; empty if it has none yet."""
    message = message_id or job.message_id
    return f"https://discord.com/channels/{client.guild_id}/{job.channel_id}/{message}" if message else ""


def thread_link(client: BoxClient, job: Job) -> str:
    """The address of the job's thread; empty if it has none yet."""
    return f"https://discord.com/channels/{client.guild_id}/{job.thread_id}" if job.thread_id else ""


def project_of(client: BoxClient, job: Job) -> Project | None:
    """None if the project is no longer configured."""
    return client.projects.get(job.project)
