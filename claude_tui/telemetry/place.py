"""Where the receiver listens, and what shows it that a post is from this account. Must not know any client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from claude_tui.records import NamedTuple

TOKEN_HEADER: Final = "x-claude-top-token"
"""The header that carries the token."""

TOKEN_FILE: Final = "telemetry-token"
"""The file with the token, in the state folder."""

OTEL: Final = "OTEL_"
"""How the variables of OpenTelemetry begin."""


class ReceiverPlace(NamedTuple):
    """The port of the receiver on this machine, and the token it asks for."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """The address, to which exporters add the signal."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def header(self) -> str:
        """The token as OTEL_EXPORTER_OTLP_HEADERS takes it."""
        return f"{TOKEN_HEADER}={self.token}"


def is_ours(variables: Mapping[str, object]) -> bool:
    """Whether OTEL_* variables are those that we set: their headers carry our token."""
    return str(variables.get("OTEL_EXPORTER_OTLP_HEADERS", "")).startswith(TOKEN_HEADER + "=")


def foreign(variables: Mapping[str, object], beginnings: Iterable[str], where: str) -> list[str]:
    """The variables that begin so and are not ours, each as "NAME in WHERE"."""
    if is_ours(variables):
        return []
    starts = tuple(beginnings)
    return [f"{name} in {where}" for name in sorted(variables) if name.startswith(starts)]
