"""The commands that answer in ccusage's shape. Must not decide what counts."""
