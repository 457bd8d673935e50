"""Single values of a log: counts, instants, text that is safe to show. Must not know records, files or clients."""
