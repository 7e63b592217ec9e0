"""Run and test the container images the way Batch runs them."""
