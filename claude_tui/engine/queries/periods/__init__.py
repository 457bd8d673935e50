"""Hours, days, weeks and months: where they begin, which are shown, what they cost. Must not know clocks."""
