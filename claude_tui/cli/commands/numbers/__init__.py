"""Commands that print numbers. Must not follow the logs: each counts once and ends."""
