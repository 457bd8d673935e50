"""What parts of a response cost, and what a lost cache, a repeated read or a pause does. Must not know dimensions."""
