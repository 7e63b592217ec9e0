"""Whether Lightning and Hugging Face resume by config alone."""
