"""Answers computed from the store: snapshots, blocks, budgets, single responses and explanations.

Must not read logs or change what is counted.
"""
