"""Gemini CLI and Qwen Code: the `telemetry` block of their settings, with prompts off. The token is in the path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.telemetry.place import OTEL, ReceiverPlace, foreign
from claude_tui.telemetry.switches import json_file

BLOCK: Final = "telemetry"
BEGINNING: Final = "http://127.0.0.1:"


class GeminiSwitch:
    """The switch of one of the two: where its settings are, and which variables stand above them."""

    def __init__(self, name: str, home_variable: str, folder: str, system: str) -> None:
        self._variables = (f"{name.upper()}_TELEMETRY_", "GEMINI_TELEMETRY_", OTEL)
        # Of Gemini CLI the variable names the folder that has its folder; of Qwen Code the folder itself.
        self._home_variable, self._folder, self._system = home_variable, folder, Path(system)
        self._is_folder_itself = name == "qwen"

    def path(self, home: Path, env: Mapping[str, str]) -> Path:
        """Its settings.json."""
        named = env.get(self._home_variable, "").strip()
        if named and self._is_folder_itself:
            return Path(named).expanduser() / "settings.json"
        return (Path(named).expanduser() if named else home) / self._folder / "settings.json"

    def obstacles(self, text: str, home: Path, env: Mapping[str, str]) -> list[str]:
        """A block that is not ours, an administrator's, or variables that stand above both, also in its `.env`."""
        path = self.path(home, env)
        found = [f"{BLOCK} in {path}"] if _block(text) and not _is_ours(_block(text)) else []
        system = self._system / "settings.json"
        found += [f"{BLOCK} in {system}"] if json_file.merciful(system).get(BLOCK) else []
        own = path.with_name(".env")
        found += foreign(_variables(own), self._variables, str(own))
        return found + foreign(env, self._variables, "the environment")

    def switched_on(self, text: str, place: ReceiverPlace) -> str:
        """Our block, in the place of one of ours."""
        content = json_file.read(text)
        content[BLOCK] = {
            "enabled": True,
            "target": "local",
            "otlpEndpoint": f"{place.url}/{place.token}",
            "otlpProtocol": "http",
            "logPrompts": False,
        }
        return json_file.written(content, text)

    def switched_off(self, text: str) -> str:
        """Without our block."""
        content = json_file.read(text)
        if not _is_ours(_block(text)):
            return text
        del content[BLOCK]
        return json_file.written(content, text)

    def afterwards(self, path: Path) -> str:
        """When it begins to hold."""
        return "sessions that start from now on send it, and end some seconds later where nobody receives"


def _variables(path: Path) -> dict[str, str]:
    """What a file of variables sets; nothing if it cannot be read."""
    try:
        text = files.read_text(path)
    except (OSError, ValueError):
        return {}
    return dict(re.findall(r"^\s*(?:export\s+)?(\w+)\s*=\s*(.*)$", text, re.MULTILINE))


def _block(text: str) -> dict[str, Any]:
    return json_file.table(json_file.read(text), BLOCK)


def _is_ours(block: Mapping[str, Any]) -> bool:
    """Whether a block is as we write one: to this machine, with a token as its path."""
    endpoint = block.get("otlpEndpoint")
    port, _, token = endpoint[len(BEGINNING) :].partition("/") if isinstance(endpoint, str) else ("", "", "")
    return isinstance(endpoint, str) and endpoint.startswith(BEGINNING) and port.isdecimal() and len(token) >= 16
