"""Costs of jobs and sweeps, from their quotes and their machine time. All sums are estimates in USD."""
