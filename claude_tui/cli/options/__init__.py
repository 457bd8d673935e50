"""The options that several commands share, and what they mean: where to look, and when. Must not count."""
