"""Codex: the `[otel]` table of its config.toml. Without a record for every piece of an answer: a long one would fill
the exporter's queue, and the record that counts would be dropped."""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from claude_tui import files
from claude_tui.telemetry.place import OTEL, TOKEN_HEADER, ReceiverPlace, foreign

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE: Final = "otel"
KEYS: Final = ("log_user_prompt", "log_sse_deltas", "exporter", "metrics_exporter")
"""What we write into the table."""

MANAGED: Final = ("/etc/codex/managed_config.toml", "/etc/codex/config.toml")
"""What an administrator sets for all."""


class CodexSwitch:
    """The switch of Codex."""

    def __init__(self, managed: tuple[str, ...] = MANAGED) -> None:
        self._managed = managed

    def path(self, home: Path, env: Mapping[str, str]) -> Path:
        """Its config.toml."""
        named = env.get("CODEX_HOME", "").strip()
        return (Path(named).expanduser() if named else home / ".codex") / "config.toml"

    def obstacles(self, text: str, home: Path, env: Mapping[str, str]) -> list[str]:
        """Keys of ours that are set to something else, an administrator's table, or variables of OpenTelemetry."""
        table, path = _table(_parsed(text)), self.path(home, env)
        found = [] if _is_ours(table) else [f"{TABLE}.{name} in {path}" for name in KEYS if name in table]
        for managed in self._managed:
            try:
                content = _parsed(files.read_text(managed))
            except (OSError, ValueError):
                continue
            found += [f"{TABLE} in {managed}"] if TABLE in content else []
        return found + foreign(env, (OTEL,), "the environment")

    def switched_on(self, text: str, place: ReceiverPlace) -> str:
        """Our keys in the table, behind those that are there."""
        import tomlkit

        document = _document(text)
        if TABLE not in document:
            document[TABLE] = tomlkit.table()
        table = document[TABLE]
        if not isinstance(table, MutableMapping):
            raise ValueError(f"{TABLE} in it is not a table")
        http = tomlkit.inline_table()
        headers = tomlkit.inline_table()
        headers[TOKEN_HEADER] = place.token
        http["endpoint"], http["protocol"], http["headers"] = f"{place.url}/v1/logs", "json", headers
        exporter = tomlkit.inline_table()
        exporter["otlp-http"] = http
        table["log_user_prompt"], table["log_sse_deltas"] = False, False
        table["exporter"], table["metrics_exporter"] = exporter, "none"
        made = tomlkit.dumps(document)
        if _table(_parsed(made)).get("exporter") != exporter.unwrap():
            raise ValueError("its keys cannot be set without changing something else")
        return made

    def switched_off(self, text: str) -> str:
        """Without our keys, and without a table that had nothing else."""
        import tomlkit

        if not _is_ours(_table(_parsed(text))):
            return text
        document = _document(text)
        table: Any = document[TABLE]
        for name in KEYS:
            table.pop(name, None)
        if not table:
            del document[TABLE]
        return tomlkit.dumps(document)

    def afterwards(self, path: Path) -> str:
        """When it begins to hold."""
        return "sessions that start from now on send it"


def _parsed(text: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not TOML ({error})") from None
    return content


def _document(text: str) -> TOMLDocument:
    import tomlkit  # 64 ms, for those who change something
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise ValueError(f"it is not TOML ({error})") from None


def _table(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get(TABLE, {})
    if not isinstance(found, dict):
        raise ValueError(f"{TABLE} in it is not a table")
    return found


def _is_ours(table: Mapping[str, Any]) -> bool:
    exporter = table.get("exporter")
    http = exporter.get("otlp-http") if isinstance(exporter, dict) else None
    headers = http.get("headers") if isinstance(http, dict) else None
    return isinstance(headers, dict) and TOKEN_HEADER in headers
