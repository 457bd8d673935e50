"""The merged table that other programs read: single responses, and their sums by day. Must not know what was pushed."""
