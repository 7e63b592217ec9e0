"""What the guard watches for, and what it has warned of. Below the model, which stores it: nothing here knows a job."""
