"""Copilot CLI: it takes its switches from the environment alone, so they stand in a small file for the shell.

The file is ours; users load it in their shell. The variables are set for that program alone: others take
the same ones.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from claude_tui.paths import config_folder
from claude_tui.telemetry.place import OTEL, ReceiverPlace, foreign

FILE_NAME: Final = "copilot-telemetry.sh"
FIRST_LINE: Final = "# Written by `claude-top telemetry install --client copilot`, taken away by its --undo.\n"


class CopilotSwitch:
    """The switch of Copilot CLI."""

    def path(self, home: Path, env: Mapping[str, str]) -> Path:
        """A file of ours, in our configuration folder."""
        return config_folder(env) / FILE_NAME

    def obstacles(self, text: str, home: Path, env: Mapping[str, str]) -> list[str]:
        """Variables that are set for everything, or a file that is not ours."""
        found = [f"what {self.path(home, env)} says"] if text and not text.startswith(FIRST_LINE) else []
        return found + foreign(env, (OTEL, "COPILOT_OTEL_"), "the environment")

    def switched_on(self, text: str, place: ReceiverPlace) -> str:
        """A function of the shell that starts the client with the variables."""
        variables = {
            "COPILOT_OTEL_ENABLED": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": place.url,
            "OTEL_EXPORTER_OTLP_HEADERS": place.header,
        }
        set_here = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        return f'{FIRST_LINE}copilot() {{\n    {set_here} command copilot "$@"\n}}\n'

    def switched_off(self, text: str) -> str:
        """Nothing."""
        return "" if text.startswith(FIRST_LINE) else text

    def afterwards(self, path: Path) -> str:
        """Where the file has to be named."""
        return f"put this line into your shell's start-up file (~/.bashrc, ~/.zshrc):  . {shlex.quote(str(path))}"
