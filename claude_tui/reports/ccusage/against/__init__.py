"""What ccusage makes of the same logs, and why it differs from ours. Must not print ccusage's own reports."""
