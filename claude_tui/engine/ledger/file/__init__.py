"""The SQLite file of the ledger and what its rows hold, byte by byte. Must not know logs, stores or other ledgers."""
