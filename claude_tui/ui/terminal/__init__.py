"""The terminal itself: drivers, signals, plain characters, the first picture. Must not know views."""
