"""What machines push: what of a log may leave one, as objects, divided into parts. Must not know the merged table."""
