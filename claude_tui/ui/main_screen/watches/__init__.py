"""What the main screen looks at beside the numbers, to call or warn a person once. Must not know how that is shown."""
