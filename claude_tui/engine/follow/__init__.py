"""Keeping level with logs that grow, move and vanish, and with the processes that write them.

Must not draw or price.
"""
