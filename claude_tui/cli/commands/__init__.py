"""The commands of one module each, in the rooms under which `claude-top --help` lists them. Must not know each other.

A command that needs several modules has a room of its own beside this one: serve, statusline, telemetry, ledger,
fleet, mcp.
"""
