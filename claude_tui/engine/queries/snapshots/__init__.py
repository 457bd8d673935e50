"""Immutable pictures of the store for a query, and what they are made of. Must not read files or draw."""
