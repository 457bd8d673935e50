"""What the commands that examine our own numbers found, as JSON and text. Must not examine anything itself."""
