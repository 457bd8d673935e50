"""What the money went for: an additive answer by tool, skill, agent, branch and kind, and what a lost cache cost.

`causes.Causes` is the door. `book` knows what the logs say of each response and `kept` keeps that between two runs;
`misses` finds lost caches; `dimensions` splits costs, `waste` says what could have been avoided. Transcripts are read
when somebody asks, never for the count. Must not change the store.
"""
