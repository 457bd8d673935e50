"""Turns numbers into text: JSON, CSV, tables, one-liners. Takes snapshots and responses, returns text or dictionaries.

Must not read files, clocks or the environment, nor write anywhere.
"""
