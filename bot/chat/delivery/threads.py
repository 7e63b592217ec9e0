"""The requests about threads that discord.py has no fitting method for."""

import discord


async def start_thread(client: discord.Client, message: discord.PartialMessage, name: str) -> None:
    """Start a thread that is archived when the channel's setting says so.

    `PartialMessage.create_thread` (discord.py 2.7.1) always sends a duration: 1,440 minutes if it does not know the
    channel's setting. Null is allowed (`CreateTextThreadWithMessageRequest` in discord-api-spec), and the channel's
    value is a "default duration, copied onto newly created threads". Never seen on the real Discord: that null counts
    as absent. Assumption: null-archive.
    https://docs.discord.com/developers/resources/channel#channel-object-channel-structure
    """
    await client.http.start_thread_with_message(
        message.channel.id,
        message.id,
        name=name,
        auto_archive_duration=None,  # type: ignore[arg-type]
    )


async def add_member(client: discord.Client, thread_id: int, user_id: int) -> None:
    """Add somebody to a thread; again if need be, which changes nothing.

    "Requires the ability to send messages in the thread. Also requires the thread is not archived. Returns a 204 empty
    response if the member is successfully added or was already a member of the thread." So the invitation's permissions
    are enough. The thread says who was added ("[bot] added [user] to the thread", discord-api-docs issue 5041), and
    Discord may notify them (discord-needle issue 52). https://docs.discord.com/developers/resources/channel#add-thread-member
    """
    await client.http.add_user_to_thread(thread_id, user_id)
