"""What the log of Claude Code says of why a response was made: its tools, skill, agent, branch, and its cache.

Read on demand, apart from the count: nobody waits for it who only wants to know how much. The plain reader (`plain`)
is the definition, the fast one (`fast`) must give the same, and both feed one `gatherer`. Must not know prices, other
files, or which copy of a response counts.
"""
