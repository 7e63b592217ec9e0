"""Text of people's and of programs' making, shown as it is: no markdown, no mention, no link in disguise."""

import re
import unicodedata

# Underscores inside words, single colons and brackets that no link follows mean nothing to Discord and stay readable.
_MARKDOWN = re.compile(r"[\\*~|`<@\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|^[#>+-]")
_ZERO_WIDTH_JOINER = "\u200d"
_ZERO_WIDTH_SPACE = "\u200b"
_FENCE = "```"
_ACCENTS = re.compile("`(?=`)")


def escape(text: str, limit: int) -> str:
    """One line of at most `limit` visible characters, with everything that Discord reads as markup escaped."""
    return _MARKDOWN.sub(r"\\\g<0>", cut(one_line(text), limit))


def code(text: str, limit: int = 100) -> str:
    """`text` as inline code; a grave accent in it would end it, so it becomes an apostrophe."""
    return f"`{cut(one_line(text), limit).replace('`', chr(39)) or ' '}`"


def fenced(text: str) -> str:
    """A code block whose content cannot end it."""
    return f"{_FENCE}\n{_ACCENTS.sub(f'`{_ZERO_WIDTH_SPACE}', text)}\n{_FENCE}"


def one_line(text: str) -> str:
    """Without line breaks and without characters that are not seen: controls, and those that turn the direction."""
    visible = (
        character if character == _ZERO_WIDTH_JOINER or unicodedata.category(character)[0] != "C" else " "
        for character in text
    )
    return " ".join("".join(visible).split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def cut_blocks(text: str, limit: int) -> str:
    """`cut` for text with code blocks: one that is open at the cut is closed."""
    if len(text) <= limit:
        return text
    shorter = cut(text, limit - len(_FENCE) - 1)
    return f"{shorter}\n{_FENCE}" if shorter.count(_FENCE) % 2 else shorter
