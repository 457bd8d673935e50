"""The main screen: where one is, what keys do there, and when it is drawn again. Must not know the app or cells."""
