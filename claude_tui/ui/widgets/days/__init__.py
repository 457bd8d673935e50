"""What days are drawn with: the year, the bars, one day, the hours of the week. Must not know where days come from."""
