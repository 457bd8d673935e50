"""What to add to an OpenTelemetry Collector so that it passes on to claude-top what it receives, or writes it to a
file. Must not change its files.
"""

from __future__ import annotations

from claude_tui.telemetry.place import TOKEN_HEADER, ReceiverPlace


def snippet(place: ReceiverPlace) -> str:
    """Return the lines for its configuration."""
    return f"""\
exporters:
  otlphttp/claude-top:
    logs_endpoint: {place.url}/v1/logs
    traces_endpoint: {place.url}/v1/traces
    headers:
      {TOKEN_HEADER}: {place.token}
service:
  pipelines:
    logs:
      exporters: [otlphttp/claude-top]  # beside those that are there; for Copilot CLI also under traces
"""
