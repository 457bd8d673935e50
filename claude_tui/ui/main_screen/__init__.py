"""The main screen: where one is, what keys do there, and when it is drawn anew. Must not know the app nor cells."""
