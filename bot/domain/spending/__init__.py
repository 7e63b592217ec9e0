"""What jobs and sweeps have spent and may still spend. Sums are in USD, by estimates."""
