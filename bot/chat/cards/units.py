"""Numbers, times and sizes as people read them in the channel."""

from collections.abc import Sequence

BAR_CELLS = 10


def duration(seconds: float) -> str:
    """The two largest units: `12 s`, `4 min 31 s`, `2 h 5 min`, `1 d 3 h`."""
    whole = max(0, round(seconds))
    units = (("d", whole // 86400), ("h", whole // 3600 % 24), ("min", whole // 60 % 60), ("s", whole % 60))
    first = next((place for place, (_, count) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for unit, count in units[first : first + 2] if count) or "0 s"


def relative(at: float) -> str:
    """A moment as Discord keeps it current by itself: `3 minutes ago`, `in 2 minutes`. `at` in s since the epoch."""
    return f"<t:{round(at)}:R>"


def size(count: int) -> str:
    """`312 B`, `4.6 KiB`, `1.2 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            break
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"


def number(value: float) -> str:
    """A metric with four significant digits: `96.7`, `0.121`."""
    return f"{value:.4g}"


def usd(amount: float) -> str:
    """`$0.04`, `$84.16`, `$12,346`; what is less than a cent says so."""
    if 0 < amount < 0.01:
        return "<$0.01"
    return f"${amount:,.2f}" if amount < 1_000 else f"${amount:,.0f}"


def bar(done: int, of: int) -> str:
    """`███████░░░`; full only when all is done."""
    filled = 0 if of <= 0 else min(BAR_CELLS, max(0, done) * BAR_CELLS // of)
    return "█" * filled + "░" * (BAR_CELLS - filled)


def plural(count: int, noun: str) -> str:
    """`1 job`, `2 jobs`."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def joined(pieces: Sequence[str], separator: str, limit: int) -> str:
    """As many pieces as fit into `limit` characters, and how many are left out."""
    text = ""
    for place, piece in enumerate(pieces):
        longer = f"{text}{separator}{piece}" if place else piece
        if len(longer) > limit - 20:
            return f"{text} and {len(pieces) - place} more" if place else f"{len(pieces)} in all"
        text = longer
    return text
