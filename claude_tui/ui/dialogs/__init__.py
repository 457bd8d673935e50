"""What stands over the screen for a moment and gives one answer. Must not know views."""
