"""What machine time costs. Sums are in USD; an estimate is called one wherever people read it."""
