"""Single responses as rows of parallel arrays, and how they are found. Must not price or sum them."""
