"""What is saved between two runs, and how far it proves itself. Must not know how logs are read."""
