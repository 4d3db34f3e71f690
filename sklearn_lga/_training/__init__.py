"""Algorithm 1 and the loop that drives it."""
