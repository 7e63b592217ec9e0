"""The guard: what hangs, has diverged, idles or is stuck is reported, and ended if nobody says to leave it."""
