"""What was spent and may be spent, the caps on it, and the switch that stops it, in the store's own transactions."""
