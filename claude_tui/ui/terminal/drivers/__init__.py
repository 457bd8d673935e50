"""Textual's terminal drivers, each as far as it must differ from the library's own. Must not know what is drawn."""
