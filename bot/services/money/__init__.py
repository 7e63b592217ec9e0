"""What concerns money: prices, what a job is said to cost, and what may be spent."""
