"""Keeps what no log shows level with the books: what clients only totalled, and what telemetry tells.

Must not know the rules (those of `unlogged` and `telemetry`), nor take locks: the store does. Must not read files.
"""
