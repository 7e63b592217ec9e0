"""What of a message Discord would bring to life: a reader of its markup, written from its pages and not from the bot.

https://docs.discord.com/developers/reference#message-formatting has `<@id>`, `<#id>`, `</name:id>`, `<t:time>`.
https://support.discord.com/hc/en-us/articles/210298617: three accents begin a block and the next three end it, one or
two begin code on a line, a backslash makes the next sign plain, `[text](address)` is a link, and so is an address that
begins with http:// or https://.
"""

import re

_PLAIN = re.compile(
    r"```(?P<block>.*?)```"
    r"|(?P<accents>`{1,2})(?!`).+?(?<!`)(?P=accents)(?!`)"
    r"|\\[^A-Za-z0-9\s]",
    re.DOTALL,
)
"""Read from the left: what begins first ends first, and inside code a backslash is no more than that."""
_LIVE = {
    "ping": re.compile(r"<@[!&]?\d+>|@everyone|@here"),
    "link": re.compile(
        r"\[[^\]\n]*\]\(\s*<?[a-z][a-z0-9+.-]*:|[a-z][a-z0-9+.-]*://\S|discord(?:app)?\.(?:gg|com/invite)/\w|<mailto:",
        re.IGNORECASE,
    ),
    "escape": re.compile(
        r"<#\d+>|</[^>\n]{1,40}:\d+>|<a?:\w+:\d+>|<t:-?\d+|<id:\w+>|```|^#{1,3} |^>|\*\*|~~|\|\|", re.MULTILINE
    ),
}
_IN_BLOCK = {
    "ping": re.compile(r"<@[!&]?\d+>|@everyone|@here"),
    "link": re.compile(r"discord(?:app)?\.(?:gg|com/invite)/\w", re.IGNORECASE),
    "escape": re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"),
}


def live(text: str) -> list[str]:
    """Name what is live in a message, each thing once."""
    blocks = "\n".join(match["block"] for match in _PLAIN.finditer(text) if match["block"] is not None)
    outside = _PLAIN.sub("\u2400", text)
    found = {kind for kind, pattern in _IN_BLOCK.items() if pattern.search(blocks)}
    return sorted(found | {kind for kind, pattern in _LIVE.items() if pattern.search(outside)})
