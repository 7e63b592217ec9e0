"""What jobs and sweeps have cost and may still cost, by their quotes and their machine time. All sums are estimates in
USD."""
