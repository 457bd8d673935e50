"""The fast way to read a rollout. Must not contain a rule of its own: what is unusual goes to the plain reader."""
