"""The table of lines, its columns and cells. Must not know what a view shows beside it."""
