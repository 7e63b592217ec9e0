"""Entries of the catalogue, and Discord's objects as text."""

from collections.abc import Iterator
from dataclasses import dataclass

import discord


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `name` says when it is sent, or where it stands in the source."""

    section: str
    name: str
    text: str


def embed_text(embed: discord.Embed) -> str:
    """Title, description and footer, one under the other."""
    return "\n".join(filter(None, (embed.title, embed.description, embed.footer.text)))


def button_texts(view: discord.ui.View) -> Iterator[str]:
    """`[ Stop ]`, and `( Stop )` if it is disabled."""
    for item in view.children:
        button = getattr(item, "item", item)
        if isinstance(button, discord.ui.Button):
            yield f"( {button.label} )" if button.disabled else f"[ {button.label} ]"
