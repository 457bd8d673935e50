"""Claude Code: variables in the `env` block of its settings. Only its log records are asked for, without any text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from claude_tui.telemetry.place import OTEL, ReceiverPlace, foreign, is_ours
from claude_tui.telemetry.switches import json_file

ENABLED: Final = "CLAUDE_CODE_ENABLE_TELEMETRY"

MANAGED: Final = (
    "/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code"
)  # fmt: skip
"""The folder of an administrator's settings, which stand above the user's."""


class ClaudeSwitch:
    """The switch of Claude Code."""

    def __init__(self, managed: str = MANAGED) -> None:
        self._managed = Path(managed)

    def path(self, home: Path, env: Mapping[str, str]) -> Path:
        """Its settings.json."""
        named = env.get("CLAUDE_CONFIG_DIR", "").split(",")[0].strip()
        return (Path(named).expanduser() if named else home / ".claude") / "settings.json"

    def obstacles(self, text: str, home: Path, env: Mapping[str, str]) -> list[str]:
        """Any OTEL_* or the switch itself, in the settings, in the environment, or set by an administrator."""
        settings = self.path(home, env)
        found = foreign(_env(json_file.read(text)), (OTEL, ENABLED), str(settings))
        found += foreign(env, (OTEL, ENABLED), "the environment")
        for managed in self._managed_files(settings.parent):
            found += foreign(json_file.merciful(managed).get("env") or {}, (OTEL, ENABLED), str(managed))
        return found

    def switched_on(self, text: str, place: ReceiverPlace) -> str:
        """Our variables in `env`, behind those that are there."""
        content = json_file.read(text)
        content["env"] = {**_env(content), **variables(place)}
        return json_file.written(content, text)

    def switched_off(self, text: str) -> str:
        """Without our variables, and without an `env` that had nothing else."""
        content = json_file.read(text)
        before = _env(content)
        if not is_ours(before):
            return text
        ours = variables(ReceiverPlace(0, ""))
        content["env"] = {name: value for name, value in before.items() if name not in ours}
        if not content["env"]:
            del content["env"]
        return json_file.written(content, text)

    def afterwards(self, path: Path) -> str:
        """When it begins to hold."""
        return "sessions that start from now on send it"

    def _managed_files(self, config: Path) -> Iterator[Path]:
        yield self._managed / "managed-settings.json"
        try:
            yield from sorted((self._managed / "managed-settings.d").glob("*.json"))
        except OSError:
            return
        yield config / "remote-settings.json"


def variables(place: ReceiverPlace) -> dict[str, str]:
    """What is set. No metrics, and nothing that would have prompts or replies logged."""
    return {
        ENABLED: "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": place.url,
        "OTEL_EXPORTER_OTLP_HEADERS": place.header,
    }


def _env(content: dict[str, Any]) -> dict[str, Any]:
    return json_file.table(content, "env")
