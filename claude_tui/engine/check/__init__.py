"""The plain reference, and what compares or times the ways to count. Must not be needed by a count."""
