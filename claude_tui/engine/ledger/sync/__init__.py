"""Keeps a store and the ledger level with each other while both change. Must not know how rows are stored."""
