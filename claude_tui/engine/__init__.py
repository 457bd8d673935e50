"""Responses become numbers: scan, store, tail, snapshots. Must not import anything that draws."""
