"""The fast way to read a transcript. Must not contain a rule of its own: what is unusual goes to the counting rule."""
