"""Optuna: choose a sweep's next points, and compute how important each parameter is."""
