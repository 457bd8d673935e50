"""What a settings file can say of the views, their columns and themes, and a sample that says it all. Must not draw."""
