"""Discord, and here alone."""
