"""Reading many files once, here or in worker processes. Must not touch the store or watch for changes."""
