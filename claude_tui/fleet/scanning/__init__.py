"""Raw logs in a store, read as if each machine had pushed its own: here or by many workers. Must not merge."""
