"""Nothing lost, nothing doubled: the bot cut, failed and confused at every point, and what came of it counted."""
