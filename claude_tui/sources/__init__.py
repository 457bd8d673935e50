"""Turns bytes into responses: one package per client behind one small protocol.

No totals, no locks, no pricing decisions, nothing of the engine or the screen.
"""
