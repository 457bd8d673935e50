"""The columns of each kind of row: what all share, sessions, sub-agents, causes. Must not know how a table draws."""
