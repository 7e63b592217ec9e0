"""The audit's table, and its rows."""
