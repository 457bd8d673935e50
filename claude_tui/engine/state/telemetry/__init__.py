"""What telemetry tells of single responses: the events, what only their cost shows, and the rule that pairs them.

`events` keeps the events of a table paired, `pairing` is the rule for any events and responses, and `resolving` says
what an event's cost adds. Must not know the books, nor sum, nor read files.
"""
