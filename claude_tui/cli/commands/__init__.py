"""The commands of the program, a module each. Must not know each other."""
