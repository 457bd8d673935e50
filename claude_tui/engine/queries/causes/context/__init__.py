"""What prompts were made of, and what that cost. Must not read logs."""
