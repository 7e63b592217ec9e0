"""What a job that waits for a spot price says."""

from bot.domain.money.hold import Hold


def not_below(hold: Hold) -> str:
    """Why it ended: `g4dn.xlarge did not fall below $0.200 an hour, and was last at $0.310`."""
    last = f", and was last at ${hold.seen_usd:.3f}" if hold.seen_usd else ", as far as I could see"
    return f"{hold.machine or 'its machine'} did not fall below ${hold.below_usd:.3f} an hour{last}"
