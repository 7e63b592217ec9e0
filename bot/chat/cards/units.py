"""Numbers, times and sizes as people read them in the channel."""

from bot.domain.inert import EMPTY, Inert, escape, listed, phrase
from bot.domain.numbers import written

BAR_CELLS = 10
NUMBER = 24
CENT = 0.01
_DAYS, _HOURS, _MINUTES, _SECONDS = phrase("d"), phrase("h"), phrase("min"), phrase("s")
_KIB, _MIB, _GIB, _TIB = phrase("KiB"), phrase("MiB"), phrase("GiB"), phrase("TiB")


def duration(seconds: float) -> Inert:
    """The two largest units: `12 s`, `4 min 31 s`, `2 h 5 min`, `1 d 3 h`."""
    whole = max(0, round(seconds))
    units = (
        (_DAYS, whole // 86400),
        (_HOURS, whole // 3600 % 24),
        (_MINUTES, whole // 60 % 60),
        (_SECONDS, whole % 60),
    )
    first = next((index for index, (_, count) in enumerate(units) if count), len(units) - 1)
    parts = [phrase("{count} {unit}", count=count, unit=unit) for unit, count in units[first : first + 2] if count]
    return listed(*parts, separator=" ") or phrase("0 s")


def relative(at: float) -> Inert:
    """A moment that Discord keeps current: `3 minutes ago`, `in 2 minutes`. `at` is in seconds since the epoch."""
    return phrase("<t:{at}:R>", at=round(at))


def clock(at: float) -> Inert:
    """A time of day, and how far away it is: `02:00 (in 3 hours)`. `at` is in seconds since the epoch."""
    return phrase("<t:{at}:t> (<t:{at}:R>)", at=round(at))


def day(at: float) -> Inert:
    """A date in the reader's own way: `14 November 2026`. `at` is in seconds since the epoch."""
    return phrase("<t:{at}:D>", at=round(at))


def size(count: int) -> Inert:
    """`312 B`, `4.6 KiB`, `1.2 MiB`."""
    if count < 1024:
        return phrase("{count} B", count=count)
    value, unit = float(count), EMPTY
    for unit in (_KIB, _MIB, _GIB, _TIB):
        value /= 1024
        if value < 1024 or unit == _TIB:
            break
    if value < 1000:
        return phrase("{value:.3g} {unit}", value=value, unit=unit)
    return phrase("{value:.0f} {unit}", value=value, unit=unit)


def number(value: float) -> Inert:
    """A metric as people write it: `96.7`, `0.121`, `12,345`; 99.996 is not 100."""
    return escape(written(value), NUMBER)


def usd(amount: float) -> Inert:
    """`$0.04`, `$84.16`, `$12,346`, and `less than $0.01`."""
    if 0 < amount < CENT:
        return phrase("less than $0.01")
    return phrase("${amount:,.2f}", amount=amount) if amount < 1_000 else phrase("${amount:,.0f}", amount=amount)


def hourly(amount: float) -> Inert:
    """The price of an hour, where tenths of a cent count: `$0.158`, `$12.24`."""
    return phrase("${amount:,.3f}", amount=amount) if amount < 10 else phrase("${amount:,.2f}", amount=amount)


def bar(done: int, of: int) -> Inert:
    """`███████░░░`; full only when all is done."""
    filled = 0 if of <= 0 else min(BAR_CELLS, max(0, done) * BAR_CELLS // of)
    return escape("█" * filled + "░" * (BAR_CELLS - filled), BAR_CELLS)


def plural(count: int, noun: str) -> Inert:
    """`1 job`, `2 jobs`."""
    one = escape(noun, 40)
    return phrase("1 {one}", one=one) if count == 1 else phrase("{count:,} {one}s", count=count, one=one)


def axis(unit: str) -> Inert:
    """What a job counts, by its own name: `epoch`, `global_step`."""
    return escape(unit, 40)


def grouped(count: int) -> Inert:
    """`7`, `12,345`."""
    return phrase("{count:,}", count=count)


def at_epoch(unit: str, epoch: int | None) -> Inert:
    """` at epoch 6`, ` at step 12,000`; empty if it is not known."""
    return EMPTY if epoch is None else phrase(" at {unit} {epoch:,}", unit=axis(unit), epoch=epoch)
