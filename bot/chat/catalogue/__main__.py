"""Print the catalogue of messages."""

from bot.chat.catalogue.cost_entries import cost_entries
from bot.chat.catalogue.entries import Entry
from bot.chat.catalogue.rendered import rendered
from bot.chat.catalogue.written import written


def entries() -> list[Entry]:
    return [*rendered(), *cost_entries(), *written()]


def page() -> str:
    """The whole catalogue, as text."""
    parts, section = [], ""
    for entry in entries():
        if entry.section != section:
            section = entry.section
            parts.append(f"\n# {section}\n")
        parts.append(f"[{entry.name}]\n{entry.text}\n")
    return "\n".join(parts).strip() + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
