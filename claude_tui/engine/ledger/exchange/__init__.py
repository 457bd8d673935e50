"""Ways into a ledger and out of it beside counting: JSON lines, folders that moved. Must not know SQLite."""
