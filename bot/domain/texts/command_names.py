"""How texts name the bot's commands. Every text that names one goes through here.

The config may put a prefix before the names, and Discord gives each registered command an id, with which a name becomes
a link: "Slash Command | </NAME:COMMAND_ID>". https://docs.discord.com/developers/reference#message-formatting

The ids are known once the commands are registered, and change if the bot is removed from its server and invited again.
A mention with an old id, in an older message, is then text and no link. Nothing compares a message with one made again,
so a new id edits nothing.
"""

from collections.abc import Mapping

from bot.domain.inert import Inert, code, command_mention, phrase

COMMANDS = (
    "train",
    "sweep",
    "status",
    "jobs",
    "logs",
    "plot",
    "artifacts",
    "spot",
    "watches",
    "stop",
    "retry",
    "cost",
    "audit",
    "pause",
    "resume",
    "help",
)

_prefix = ""
_ids: dict[str, int] = {}


def name_commands(prefix: str = "", ids: Mapping[str, int] | None = None) -> None:
    """Set the prefix and the ids by registered name, for the whole process: there is one bot in it."""
    global _prefix  # noqa: PLW0603  the texts have no object that could carry it
    _prefix = prefix
    _ids.clear()
    _ids.update(ids or {})


def plain(name: str) -> str:
    """`/sb-train`, for places where Discord reads no markup."""
    return f"/{_prefix}{name}"


def command(name: str, arguments: str = "") -> Inert:
    """The command as people can click it, or as code if its id is not known. `arguments` follow it.

    A mention takes no arguments, so they are code after it. Not for code blocks, titles and footers.
    """
    registered = f"{_prefix}{name}"
    if registered not in _ids:
        return code(f"{plain(name)} {arguments}".rstrip())
    mention = command_mention(registered, _ids[registered])
    return phrase("{mention} {arguments}", mention=mention, arguments=code(arguments)) if arguments else mention


def commands() -> dict[str, Inert]:
    """All of them, as fields for a template: `{train}`."""
    return {name: command(name) for name in COMMANDS}
