"""What the money went for: an additive answer by tool, skill, agent, branch and kind, and what a lost cache cost.

`causes.Causes` is the door. `known` has what the logs say of each response, and `costs` what parts of one cost.
`dimensions` are the conventions, `division` divides single responses by them, `sums` adds that up to `tables`.
`context` has a way of its own; `of_which` and `waste` say what could have been avoided. Logs are read when somebody
asks, never for the count. Must not change the store.
"""
