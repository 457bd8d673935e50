"""Numbers become text: JSON, CSV, tables, one-liners. Snapshots and responses go in, text or dictionaries come out.

Must not read files, clocks or the environment, nor write anywhere.
"""
