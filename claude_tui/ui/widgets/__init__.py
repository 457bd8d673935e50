"""Parts of the screen that draw one thing each. Must not know views or where one is."""
