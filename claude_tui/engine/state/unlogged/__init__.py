"""What clients counted and no log shows: the rule, and its results by session. Must not price or sum."""
