"""Commands that look after the program and its files. Must not change a number."""
