"""Print what happens in the guild to a terminal, as it happens."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

EPHEMERAL = 1 << 6
_TIMESTAMP = re.compile(r"<t:(\d+)(?::(\w))?>")
_MENTION = re.compile(r"<@!?(\d+)>")
_CHANNEL = re.compile(r"<#(\d+)>")
_PICTURE = re.compile(r"\[picture \S*/([^/\]]+)\]")


class Terminal:
    """Prints the scene. `show` takes each event that one person sees, as it comes over the WebSocket."""

    def __init__(self, console: Console, *, now: Callable[[], float] = time.time) -> None:
        self._console, self._now = console, now
        self._started = now()
        self._channels: dict[str, Mapping[str, Any]] = {}
        self._people: dict[str, str] = {}
        self._shown: dict[str, str] = {}

    def add_names(self, channels: list[dict[str, Any]], people: Mapping[str, str]) -> None:
        """Names to show for ids. `channels` as the person API lists them; `people`: ids by name."""
        self._channels |= {channel["id"]: channel for channel in channels}
        self._people |= {identity: name for name, identity in people.items()}

    def act(self, title: str) -> None:
        """Print a heading between two acts."""
        self._console.print()
        self._console.rule(f"[bold]{title}[/]  [dim]{self._now() - self._started:.0f} s[/]", align="left", style="blue")

    def typed(self, person: str, text: str) -> None:
        self._console.print(Text.assemble((f"  {person:<10}", "bold green"), (text, "bold")))

    def aside(self, text: str) -> None:
        """Print something that happens outside the channel."""
        self._console.print(Text(f"  {text}", style="italic yellow"))

    def answer(self, message: Mapping[str, Any]) -> None:
        """Print the reply to a command, which may be visible to its sender only."""
        lines = list(self._lines(message))
        if self._shown.get(message["id"]) != "\n".join(lines):
            self._shown[message["id"]] = "\n".join(lines)
            self._print(message, lines, edited=False)

    def show(self, event: Mapping[str, Any]) -> None:
        """Print a new message, or the lines that an edit changed."""
        kind, data = event["t"], event["d"]
        if kind in ("THREAD_CREATE", "THREAD_UPDATE"):
            self._channels[data["id"]] = data
        if kind not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or data.get("flags", 0) & 128:
            return
        lines = list(self._lines(data))
        text = "\n".join(lines)
        if not text or self._shown.get(data["id"]) == text:
            return
        before = self._shown.get(data["id"])
        self._shown[data["id"]] = text
        if before is None:
            self._print(data, lines, edited=False)
        elif changed := _changed(before.splitlines(), lines):
            self._print(data, [f"{_title(data)}  {'  ·  '.join(changed)}"], edited=True)

    def _print(self, message: Mapping[str, Any], lines: list[str], *, edited: bool) -> None:
        channel = self._channels.get(message["channel_id"], {})
        in_thread = channel.get("type") in (10, 11, 12)
        who = "edited" if edited else message["author"]["username"]
        if message.get("flags", 0) & EPHEMERAL:
            who = "only you"
        style = "dim" if in_thread or edited else "cyan"
        margin = 6 if in_thread else 2
        for number, line in enumerate(lines):
            label = f"{who:<10}" if number == 0 and not in_thread else " " * 10 if not in_thread else "│ "
            row = Text.assemble((label, style), (self._displayed(line), "dim" if in_thread or edited else ""))
            self._console.print(Padding(row, (0, 0, 0, margin)), overflow="ellipsis", no_wrap=True, crop=True)

    def _lines(self, message: Mapping[str, Any]) -> Iterator[str]:
        """A message's lines to compare: times stay timestamps, pictures have their whole address."""
        yield from self._plain(message.get("content", "")).splitlines()
        for embed in message.get("embeds", ()):
            for key in ("title", "description"):
                yield from self._plain(embed.get(key) or "").splitlines()
            for field in embed.get("fields", ()):
                yield self._plain(f"{field['name']}: {field['value']}".replace("\n", "  "))
            if "image" in embed:
                yield f"[picture {embed['image']['url']}]"
        for attachment in message.get("attachments", ()):
            yield f"[file {attachment['filename']}, {attachment['size']:,} bytes]"
        buttons = [button["label"] for row in message.get("components", ()) for button in row.get("components", ())]
        if buttons:
            yield "  ".join(f"[ {label} ]" for label in buttons)

    def _plain(self, text: str) -> str:
        """Text without Discord's markup, and with names for ids."""
        text = _MENTION.sub(lambda match: f"@{self._people.get(match[1], 'Signalbox')}", text)
        text = _CHANNEL.sub(lambda match: f"#{self._channels.get(match[1], {}).get('name', match[1])}", text)
        text = re.sub(r"^```\w*$\n?", "", text, flags=re.M).replace("```", "")
        text = re.sub(r"\[([^\]]+)\]\(<?https?:[^)]*>?\)", r"\1", text)
        return re.sub(r"\*\*|__|`|^-# ", "", text, flags=re.M).replace("\\", "")

    def _displayed(self, line: str) -> str:
        """A line to print: times relative to now, pictures by file name."""
        return _PICTURE.sub(r"[picture \1]", _TIMESTAMP.sub(lambda match: self._relative(int(match[1])), line))

    def _relative(self, at: int) -> str:
        seconds = round(at - self._now())
        return f"in {seconds} s" if seconds > 0 else f"{-seconds} s ago"


def _changed(before: list[str], lines: list[str]) -> list[str]:
    """The lines that an edit changed, without the buttons."""
    return [line.strip() for line in lines if line.strip() and line not in before and not line.startswith("[ ")]


def _title(message: Mapping[str, Any]) -> str:
    return next((str(embed["title"]) for embed in message.get("embeds", ()) if embed.get("title")), "")
