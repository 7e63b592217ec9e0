"""What concerns the people who ask: how much of the bot each of them may take."""
