"""What the settings say of telemetry. Read by every start of the screen, so nothing is imported here."""

from __future__ import annotations

from typing import Final

from claude_tui.records import NamedTuple

PORT: Final = 8378
"""The usual port. Not 4318, where a collector of the user's own may listen."""


class TelemetrySettings(NamedTuple):
    """`on`: the screen and `serve` receive while they are open. `port` is where, for `telemetry run` and `install` too.

    `resource` names the attributes of OTEL_RESOURCE_ATTRIBUTES that are kept.
    """

    on: bool = False
    port: int = PORT
    resource: tuple[str, ...] = ()
