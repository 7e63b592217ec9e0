"""Links to a job's card and thread, and the job's project.

The form of an address: https://discordpy.readthedocs.io/en/stable/api.html#discord.Message.jump_url
"""

from bot.chat.interactions import BoxClient
from bot.domain.model.rows import Posted
from bot.domain.project import Project


def card_link(client: BoxClient, job: Posted, message_id: int | None = None) -> str:
    """The address of the job's card; empty if it has none yet."""
    message, channel_id = message_id or job.publication.card_id, job.request.channel_id
    return f"https://discord.com/channels/{client.guild_id}/{channel_id}/{message}" if message else ""


def thread_link(client: BoxClient, job: Posted) -> str:
    """The address of the job's thread; empty if it has none yet."""
    thread_id = job.publication.thread_id
    return f"https://discord.com/channels/{client.guild_id}/{thread_id}" if thread_id else ""


def project_of(client: BoxClient, job: Posted) -> Project | None:
    """None if the project is no longer configured."""
    return client.projects.get(job.run.project)
