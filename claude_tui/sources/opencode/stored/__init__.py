"""The client's database, read in place while it is written: rows, columns, what is lost. Must not count."""
