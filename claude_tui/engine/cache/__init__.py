"""What is saved between two runs, and how it is verified. Must not know how logs are read."""
