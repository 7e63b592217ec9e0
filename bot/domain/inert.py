"""Text that a message shows exactly as it is: no markdown, no mention, no link in disguise, and no secret.

`Inert` is the type of everything that goes into a message. Only the functions of this module make it, so mypy finds
every plain string on its way into one. The bot's own words are templates, filled by `phrase`:

    phrase("{name} has {count:,} trials", name=escape(text, 40), count=9)
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NewType, TypeVar

from trainer.redaction.redact import redact, redact_value
from trainer.redaction.stream import redacted

Inert = NewType("Inert", str)
EMPTY = Inert("")
AnyText = TypeVar("AnyText", str, Inert)

# Underscores inside words, single colons and brackets that no link follows mean nothing to Discord and stay readable.
# An invitation (discord.gg/x) is shown as a button though it is no address: its slash is escaped, too.
_MARKDOWN = re.compile(
    r"[\\*~|`<@\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|^[#>+-]|(?<=\.gg)/|(?<=\.com)/(?=invite/)",
    re.IGNORECASE,
)
_ZERO_WIDTH_JOINER = "\u200d"
ZERO_WIDTH_SPACE = "\u200b"
_FENCE = "```"
_BEFORE_ACCENT = re.compile("`(?=`)")
_BEFORE_FENCE = re.compile("`(?=``)")
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_MENTION = re.compile(r"<(?=@[!&]?\d+>|#\d+>)")
_INVITATION = re.compile(r"(?<=\.gg)/(?=\w)|(?<=\.com)/(?=invite/)", re.IGNORECASE)


# ---- the bot's own words ---------------------------------------------------------------------------------
def phrase(template: str, /, **values: Inert | float) -> Inert:
    """Fill a template of the bot's own. It must be a literal or a row of a table of texts (a test checks that)."""
    return Inert(template.format(**values))


def capital(text: Inert) -> Inert:
    """With a capital letter, as a sentence begins."""
    return Inert(f"{text[:1].upper()}{text[1:]}")


# ---- text of people and of programs ----------------------------------------------------------------------
def escape(text: str, limit: int) -> Inert:
    """One line of at most `limit` visible characters, with everything that Discord reads as markup escaped."""
    return Inert(_MARKDOWN.sub(r"\\\g<0>", cut(_redacted_line(text), limit)))


def escape_value(name: str, text: str, limit: int) -> Inert:
    """The same for what is given for a name, which may say that it is a secret."""
    return escape(redact_value(name, text), limit)


def code(text: str, limit: int = 100) -> Inert:
    """`text` as inline code; a grave accent in it would end it, so it becomes an apostrophe."""
    return Inert(f"`{cut(_redacted_line(text), limit).replace('`', chr(39)) or ' '}`")


def _redacted_line(text: str) -> str:
    """Redacted twice: what is invisible hides a secret, and without it two halves may have become one."""
    return redact(one_line(redact(text)))


def command_mention(name: str, command_id: int) -> Inert:
    """A link to a registered command: Discord's own names, which hold no markup."""
    return Inert(f"</{name}:{command_id}>")


def fenced(text: str) -> Inert:
    """A code block whose content cannot end it."""
    return Inert(f"{_FENCE}\n{_unmentioned(_BEFORE_ACCENT.sub(f'`{ZERO_WIDTH_SPACE}', redacted(text)))}\n{_FENCE}")


def log_block(lines: Sequence[str]) -> Inert:
    """A code block of log lines, or nothing for no lines.

    A block with nothing in it would not be a block to Discord, and its fence would open the next one.
    """
    if not lines:
        return EMPTY
    body = "\n".join(map(disarmed, lines))
    return Inert(f"{_FENCE}\n{body if body.strip(chr(10)) else ZERO_WIDTH_SPACE}\n{_FENCE}")


def disarmed(line: str) -> str:
    """A log line that cannot close its code block or mention anyone: inert inside a block, and only there."""
    return _unmentioned(_BEFORE_FENCE.sub("`" + ZERO_WIDTH_SPACE, line))


def _unmentioned(text: str) -> str:
    """Of what stands in a block, Discord still looks for mentions and invitations."""
    text = _EVERYONE.sub("@" + ZERO_WIDTH_SPACE, text)
    text = _INVITATION.sub("/" + ZERO_WIDTH_SPACE, text)
    return _MENTION.sub("<" + ZERO_WIDTH_SPACE, text)


# ---- putting together ------------------------------------------------------------------------------------
def stacked(*parts: Inert) -> Inert:
    """One under the other, without the empty ones."""
    return Inert("\n".join(filter(None, parts)))


def listed(*parts: Inert, separator: str = ", ") -> Inert:
    """One after the other, without the empty ones. The separator is the bot's own."""
    return Inert(separator.join(filter(None, parts)))


def joined(parts: Sequence[AnyText], separator: str, limit: int) -> AnyText:
    """As many parts as fit into `limit` characters, and how many are left out; inert if all parts are."""
    text = ""
    for index, part in enumerate(parts):
        longer = f"{text}{separator}{part}" if index else part
        if len(longer) > limit - 20:
            return Inert(f"{text} and {len(parts) - index} more" if index else f"{len(parts)} in all")
        text = longer
    return Inert(text)


def cut_blocks(text: Inert, limit: int) -> Inert:
    """At most `limit` characters of a text with code blocks: one that is open at the cut is closed."""
    if len(text) <= limit:
        return text
    shorter = cut(text, limit - len(_FENCE) - 1)
    return Inert(f"{shorter}\n{_FENCE}" if shorter.count(_FENCE) % 2 else shorter)


# ---- plain text, for places where Discord reads no markup ------------------------------------------------
def one_line(text: str) -> str:
    """Without line breaks and invisible characters: controls, and those that turn the direction."""
    visible = (
        character if character == _ZERO_WIDTH_JOINER or unicodedata.category(character)[0] != "C" else " "
        for character in text
    )
    return " ".join("".join(visible).split())


def plain_line(text: str, limit: int) -> str:
    """One line of at most `limit` characters without a secret: for titles, footers and suggestions."""
    return cut(_redacted_line(text), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis if something is left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
