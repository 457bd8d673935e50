"""Many machines, one exact total: pushes what ledgers hold to a table of Parquet files, merges it, reads it back.

A table lies in a folder or an object store. Everything in it is written whole under names that say its content, so that
writing twice changes nothing. Must not count or price anything by rules of its own: a store settles, as on one machine.
Needs the `fleet` extra; nothing here is imported unless it is asked for.
"""
