"""The same small bot, written with two libraries that are independent of each other and of the stand-in."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from deploy.sandbox.discord.server import DiscordStandIn

ROBOTS = ("walker", "wheeler", "arm")
WIDTH, HEIGHT = 640, 360
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big")


class Bot(Protocol):
    """A bot with these commands and answers.

    /hello robot(string, autocompletes ROBOTS) times(1 to 5, optional): defers, then "hello <robot> x<times>",
        with an embed that shows PICTURE
    /secret: "for you alone", ephemeral, then the follow-up "and this", ephemeral
    /panel: "panel" with the buttons poke and ask and the select pick (walker, wheeler, arm)
        poke: its message becomes "poked"; pick: "picked <value>", ephemeral
        ask: opens the modal reason with the field why; filled: "because <why>"
    /log: posts "card" twice with one nonce, starts the thread "log" from it, posts "line 1" to "line 3" there,
        the last one with the file log.txt, edits the card to "card done", deletes "line 2", answers "logged"
    """

    def __call__(self, discord: DiscordStandIn) -> AbstractAsyncContextManager[None]:
        """Run the bot: once entered, it is connected and its commands are registered."""
        ...
