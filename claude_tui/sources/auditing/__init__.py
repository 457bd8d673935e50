"""Logs read again for every row with usage and what became of it, to explain a number. Must not make numbers."""
