"""Where Optuna is: the next points of a sweep, and which of its parameters mattered."""
