"""What may mend a failed job, and what was changed of its retry."""
