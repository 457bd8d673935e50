"""The rule by which a transcript's rows count. It defines the numbers, so it must not know the ways to read faster."""
