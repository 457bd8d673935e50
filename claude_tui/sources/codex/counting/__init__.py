"""The rule by which a rollout's records count. It defines the numbers, so it must not know the ways to read faster."""
