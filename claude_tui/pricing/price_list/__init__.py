"""What a token of each model costs, and from when on: the bundled files (`data/`), newer ones, and a user's own.

Must not know how a request is billed.
"""
