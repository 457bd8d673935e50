"""How telemetry is switched on in each client: which file, which keys, and when not to.

A switch turns the text of a client's file into the text with our keys, and back. It reads no files but those that
others (an administrator) may have put before the user's, and writes none; see `kept` for what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from claude_tui.telemetry.place import ReceiverPlace
from claude_tui.telemetry.switches.claude import ClaudeSwitch
from claude_tui.telemetry.switches.codex import CodexSwitch
from claude_tui.telemetry.switches.copilot import CopilotSwitch
from claude_tui.telemetry.switches.gemini import GeminiSwitch

__all__ = ["SWITCHES", "ReceiverPlace", "Switch"]


class Switch(Protocol):
    """The switch of one client."""

    def path(self, home: Path, env: Mapping[str, str]) -> Path:
        """The file that has the switch."""

    def obstacles(self, text: str, home: Path, env: Mapping[str, str]) -> list[str]:
        """What is set already by somebody else and would be overridden or would override us. Raises ValueError."""

    def switched_on(self, text: str, place: ReceiverPlace) -> str:
        """The text of the file ("": there is none) with our keys. Raises ValueError if it makes no sense."""

    def switched_off(self, text: str) -> str:
        """The text without our keys; the same text if it has none. Raises ValueError if it makes no sense."""

    def afterwards(self, path: Path) -> str:
        """What is left to do for the user."""


SWITCHES: Final[Mapping[str, Switch]] = {
    "claude": ClaudeSwitch(),
    "codex": CodexSwitch(),
    "gemini": GeminiSwitch("gemini", "GEMINI_CLI_HOME", ".gemini", "/etc/gemini-cli"),
    "qwen": GeminiSwitch("qwen", "QWEN_HOME", ".qwen", "/etc/qwen-code"),
    "copilot": CopilotSwitch(),
}
"""By client."""
