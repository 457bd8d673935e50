"""Commands for what happens now: the screen, running sessions, budgets and limits. Must not print history."""
