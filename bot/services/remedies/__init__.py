"""What a job that failed may be retried with: offered with its result, taken by a button or by the bot itself."""
