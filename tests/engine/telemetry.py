"""Logs of real clients with the telemetry they sent, and what must come of both."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from claude_tui.clients import TELEMETRY
from claude_tui.engine.check.verification import definition
from claude_tui.engine.count import count
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.store import Store
from claude_tui.model import Response
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import PRICER, UTC, here

FOLDER = Path(__file__).parent.parent / "golden" / "telemetry"
SETS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
CLAUDE_SETS = [path for path in SETS if (path / "projects").is_dir()]

Counters = tuple[int, int, int, int]
"""Input with what was written to the cache, output, cache reads: what every client tells apart; and searches."""


def client_of(folder: Path) -> str:
    return str(expected(folder).get("client", "claude"))


def logs_of(folder: Path) -> Path:
    return folder if folder in CLAUDE_SETS else folder / "logs"


def expected(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return found


def expected_responses(folder: Path) -> list[dict[str, Any]]:
    """Every response that log or telemetry know."""
    return [one for one in expected(folder)["responses"] if one["in_log"] or one["in_telemetry"]]


def origin_of(one: dict[str, Any]) -> str:
    return "both" if one["in_log"] and one["in_telemetry"] else "log" if one["in_log"] else "telemetry"


def served(one: dict[str, Any]) -> Counters:
    """The counters of a response as it was served."""
    writes = one.get("cache_write", 0) + one.get("cache_write_5m", 0) + one.get("cache_write_1h", 0)
    return one["input"] + writes, one["output"], one["cache_read"], 0


def counters_of(line: Response) -> Counters:
    usage = line.usage
    return usage.input + usage.cache_write_5m + usage.cache_write_1h, usage.output, usage.cache_read, 0


def exports_of(folder: Path) -> list[str]:
    """What the client posted, a line each, as a Collector's file exporter writes it."""
    posts = map(json.loads, (folder / "otlp.jsonl").read_text().splitlines())
    return [json.dumps(post["body"]) + "\n" for post in posts if isinstance(post.get("body"), dict)]


def spool_in(place: Path, folder: Path) -> Path:
    """Write the telemetry of a set into a folder of its own."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "2026-11-29.jsonl").write_text("".join(exports_of(folder)))
    return place


def config_with(client: str, logs: Path, spool: Path) -> SourceConfig:
    explicit = {client: (logs,), TELEMETRY: (spool,)}
    return SourceConfig(home=Path("/nonexistent"), explicit=explicit, sources=(client, TELEMETRY))


def counted_with(client: str, logs: Path, spool: Path, cache: Path | None = None, *, keep_names: bool = False) -> Store:
    setup = Setup(config_with(client, logs, spool), PRICER, UTC, cache_folder=cache)
    return count(setup, keep_names=keep_names, processes=here())


def defined(client: str, logs: Path, spool: Path, ledger: Path | None = None) -> list[Response]:
    """What the plain definition gives, without where it was read."""
    return without_places(definition(config_with(client, logs, spool), PRICER, ledger))


def without_places(lines: list[Response]) -> list[Response]:
    return sorted((line._replace(path="", offset=0) for line in lines), key=lambda line: (line.time_ms, line.key))


def by_origin(lines: list[Response]) -> Counter[str]:
    return Counter(line.origin for line in lines)
