"""An optional core in Rust that reads whole logs of Claude Code and Codex, with threads and without processes.

It gives what the readers in Python give, or hands the file, or the rest of it, to them. Must not know prices, nor other
clients.
"""
