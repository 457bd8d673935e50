"""Pictures made of characters: bars, graphs, stacks of days, weeks. Must not know widgets or what asked for them."""
