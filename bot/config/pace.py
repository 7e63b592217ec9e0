"""`[pace]`."""

from bot.config.section import Seconds, Section


class Pace(Section):
    """[pace] How often the bot reads and posts, in seconds."""

    describe: Seconds = 15
    logs: Seconds = 2
    card: Seconds = 2
    thread: Seconds = 10
    picture: Seconds = 20
    drain: Seconds = 30  # Assumption: late-lines.
    lookup: Seconds = 45
    plot_deadline: Seconds = 60
    stuck: Seconds = 300
    reconcile: Seconds = 180
