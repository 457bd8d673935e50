"""The lines around the view: tabs and state, meters, keys. Must not know what the view in their middle shows."""
