"""An optional core in Rust that reads whole transcripts of the usual kind, with threads and without processes.

It gives what the reader in Python gives, or hands the file to it. Must not know prices, nor other clients.
"""
