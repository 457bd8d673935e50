"""What a command counts by the options it was given, at which prices, and narrowed to what. Must not print."""
