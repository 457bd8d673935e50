"""What a transcript says beside usage: folder, title, branch, context, whose turn it is.

Must not count anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from claude_tui.model import Row
from claude_tui.sources.instants import instant_ms
from claude_tui.sources.protocol import FileFacts

_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}


class FactsGatherer:
    """Gathers the facts of one file from its lines, given in file order.

    `state` is what `state()` gave at the end of the lines before these; "" at the start of a file. What is
    gathered then is what the new lines say, fit to be merged with `newer_facts` into what the others said.
    """

    def __init__(self, stem: str, state: str = "") -> None:
        self._is_agent = stem.startswith("agent-")
        self._found: dict[str, Any] = {}
        self._title_rank = -1
        self._last_ms = 0
        if self._is_agent:
            self._found["agent"] = stem.removeprefix("agent-")
        else:
            self._found["session"] = stem
        if state:
            self._title_rank, self._last_ms, known = json.loads(state)
            self._found.update(known)

    def state(self) -> str:
        """Return what later lines must be seen in the light of."""
        known = {name: self._found[name] for name in ("parent", "compactions") if name in self._found}
        return json.dumps([self._title_rank, self._last_ms, known], separators=(",", ":"))

    def see(self, line: Mapping[str, Any], row: Row | None) -> None:
        """Take in one decoded line, and the usage row it is if it is one."""
        found = self._found
        if "cwd" not in found and _text(line, "cwd"):
            found["cwd"] = line["cwd"]
        kind = _text(line, "type")
        if kind in _TITLES:
            self._see_title(line, kind)
            return
        if self._is_agent and "parent" not in found and _text(line, "sessionId"):
            found["parent"] = line["sessionId"]
        if kind == "system" and line.get("subtype") == "compact_boundary":
            found["compactions"] = found.get("compactions", 0) + 1
        if kind not in ("user", "assistant"):
            self._last_ms = max(self._last_ms, row.time_ms if row is not None else 0)
            return
        for name, field in (("gitBranch", "branch"), ("version", "version")):
            if _text(line, name):
                found[field] = line[name]
        time_ms = instant_ms(line.get("timestamp"))
        if time_ms >= self._last_ms and not (line.get("isSidechain") or self._is_agent):
            found["last_kind"] = _turn_kind(line)
            if row is not None and row.usage.prompt:
                found["context_tokens"] = row.usage.prompt
                found["context_model"] = row.model
        self._last_ms = max(self._last_ms, time_ms)

    def facts(self) -> FileFacts:
        """Return what has been gathered."""
        return FileFacts(**self._found, last_ms=self._last_ms)

    def _see_title(self, line: Mapping[str, Any], kind: str) -> None:
        """A name the user gave beats one a model made, which beats a summary; of one kind the newest."""
        rank = ("summary", "ai-title", "custom-title").index(kind)
        title = _text(line, _TITLES[kind]) or _text(line, "title")
        if title and rank >= self._title_rank:
            self._title_rank = rank
            self._found["title"] = title


def _turn_kind(line: Mapping[str, Any]) -> str:
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    blocks = [b.get("type") for b in content if isinstance(b, dict)] if isinstance(content, list) else []
    if line.get("type") == "assistant":
        return "tool_use" if "tool_use" in blocks else "assistant"
    return "tool_result" if "tool_result" in blocks else "user"


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""
