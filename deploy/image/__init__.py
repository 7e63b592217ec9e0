"""The images: how they are run where Batch runs them, and tested."""
