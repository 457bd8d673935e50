"""Answers made of the store: snapshots, blocks, budgets, single responses and why.

Must not read logs or change what is counted.
"""
