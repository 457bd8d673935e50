"""Transcripts of sessions that end with what the client counted, and what must come of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.state.store import Store
from claude_tui.model import UNLOGGED, Usage

GOLDEN = Path(__file__).parent.parent / "golden"
SETS = sorted(path for path in (GOLDEN / "cost_state").iterdir() if path.is_dir())
FORKED = [GOLDEN / "claude" / name for name in ("resume329", "v2.1.329")]
"""Sets whose forks mark what they copied."""
COUNTERS = ("input", "output", "cw5", "cw1", "cr", "ws")
HARD = ("input", "cw5", "cw1", "cr", "ws")

Left = dict[str, dict[str, Usage]]
TOTAL = b'"type":"cost-state"'
DAMAGES = ("totals", "lines", "answers", "files", "cut", "copied", "any")


def expected(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "expected.json").read_text())["sessions"]
    return found


def expected_left(folder: Path) -> Left:
    return {
        session: {model: Usage(*(left[name] for name in COUNTERS)) for model, left in one["remainder"].items()}
        for session, one in expected(folder).items()
        if one["remainder"]
    }


def left_of(store: Store) -> Left:
    """What no log shows, by session and model, as it is exported."""
    found: Left = {}
    for line in list_responses(store):
        if line.extra == UNLOGGED:
            models = found.setdefault(line.session, {})
            models[line.model] = Usage(*map(sum, zip(models.get(line.model, Usage()), line.usage, strict=True)))
    return found


def served(folder: Path) -> dict[str, int]:
    """What was really served, by counter."""
    sums = dict.fromkeys(HARD, 0)
    for text in (folder / "ledger.jsonl").read_text().splitlines():
        final = json.loads(text).get("final") or {}
        split = final.get("cache_creation") or {}
        writes = final.get("cache_creation_input_tokens") or 0
        hour = min(split.get("ephemeral_1h_input_tokens") or 0, writes)
        tools = final.get("server_tool_use") or {}
        beside = [one for one in final.get("iterations") or () if one.get("type") in ("advisor_message", "compaction")]
        for usage in (final, *beside):
            sums["input"] += usage.get("input_tokens") or 0
            sums["cr"] += usage.get("cache_read_input_tokens") or 0
        sums["cw1"] += hour
        sums["cw5"] += writes - hour + sum(one.get("cache_creation_input_tokens") or 0 for one in beside)
        sums["ws"] += tools.get("web_search_requests") or 0
    return sums


def damage(folder: Path, there: Path, chance: random.Random, how: str) -> list[Path]:
    """Write the logs of a set to a folder, damaged, and return where they are: a part may be in a second place, too."""
    share, places = chance.uniform(0.05, 0.9), [there / "first"]

    def stays() -> bool:
        return chance.random() >= share

    for path in sorted(folder.glob("projects/*/**/*.jsonl")):
        lines = path.read_bytes().splitlines(keepends=True)
        match chance.choice([*DAMAGES[:-1], ""]) if how == "any" else how:
            case "totals":
                lines = [line for line in lines if TOTAL not in line or stays()]
            case "lines":
                lines = [line for line in lines if stays()]
            case "answers":
                lines = [line for line in lines if TOTAL in line or stays()]
            case "files":
                lines = lines if stays() else []
            case "cut":
                lines = lines if stays() else lines[: chance.randrange(len(lines) + 1)]
            case "copied":
                places = [there / "first", there / "second"]
                _write(places[1] / path.relative_to(folder), lines[: chance.randrange(len(lines) + 1)])
                lines = [line for line in lines if TOTAL not in line or stays()]
        _write(places[0] / path.relative_to(folder), lines)
    return [place for place in places if place.exists()]


def _write(path: Path, lines: list[bytes]) -> None:
    if lines:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))


def counted_sums(store: Store) -> dict[str, int]:
    lines = list_responses(store)
    names = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "web_search")
    return {short: sum(getattr(line.usage, name) for line in lines) for short, name in zip(HARD, names, strict=True)}
