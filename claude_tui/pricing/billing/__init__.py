"""How each vendor bills a request: what its usage counts, and which tiers, speeds and plans change its price.

Must not know where rates come from, nor which responses there are.
"""
