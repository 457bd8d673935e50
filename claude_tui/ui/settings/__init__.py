"""What a person chose: the settings file, choices, themes and keys. Must not draw."""
