"""The commands of the program, one module each. Must not know each other."""
