"""Where one is on the screen, the way from place to place, and when it is drawn anew. Must not make cells."""
