"""What logs tell of turns beside counters: one response, the turn under way, the first prompt. Must know no format."""
