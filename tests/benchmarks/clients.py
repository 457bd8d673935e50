"""What a megabyte of each client's logs costs beside one of Claude Code's, read whole in one process.

The logs are those of the captured sets, written one after the other until there are megabytes of them, with other ids
and instants each time so that every response is one of its own. The captured sets hold hardly any text, so texts are
made longer until a megabyte has as many responses as one of Claude Code's. A database is read as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from claude_tui.clients import CLIENTS
from claude_tui.sources.protocol import LogFile
from claude_tui.sources.registry import read_columns, reader
from tests.benchmarks.corpus import Text
from tests.benchmarks.results import KEPT, Result, run
from tests.benchmarks.running import tell
from tests.captured import GOLDEN, one_set

SETS: Final = {name: one_set(name).name for name in CLIENTS} | {"claude": "v2.1.112", "gemini": "home-0.61"}
FILE_BYTES: Final = 4_000_000
RESPONSES_A_MB: Final = 75
"""As many as in the logs other benchmarks invent."""
LEAST_S: Final = 0.2
"""One turn reads a client's logs for at least so long."""

_NAMES: Final = re.compile(rb'("(?:id|response_id|responseId|usageId|apiCallId|turn_id)":"[^"]*)"')
_TEXT: Final = re.compile(rb'"(?:text|content|output|think|thinking|result|data)":"')
_TIMES: Final = re.compile(rb'("time":)(\d{13})')


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    logs = {name: _logs(name) for name in CLIENTS}
    turns: dict[str, list[float]] = {name: [] for name in logs}
    for _ in range(options.runs):  # in turns, so that a busy moment of the machine meets all
        for name, files in logs.items():
            turns[name].append(_ms_a_megabyte(files))
    own = statistics.median(turns["claude"])
    for name in logs:
        found = statistics.median(turns[name])
        kind = "database" if CLIENTS[name].reader.endswith(("OpenCodeSource", "KiloSource")) else "lines"
        text = f"{found / own:.2f} ({found:.2f} ms to {own:.2f} ms)"
        yield Result(f"{CLIENTS[name].label}, {kind}, CPU a MB", "<= 1.0 of Claude Code's", text, found <= own)


def _ms_a_megabyte(files: list[LogFile]) -> float:
    read, started_s = 0, time.process_time()
    while (spent_s := time.process_time() - started_s) < LEAST_S:
        for file in files:
            read_columns(file)
            read += file.size
    return spent_s * 1000 / (read / 1e6)


def _logs(name: str) -> list[LogFile]:
    """Return the logs of a client to read, made once."""
    home = GOLDEN / name / SETS[name]
    folder = KEPT / f"clients-{name}-{SETS[name]}"
    if not folder.with_suffix(".done").exists():
        tell(f"making logs in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(home, folder)
        for file in _largest(name, folder):
            path, responses = Path(file.path), len(read_columns(file).columns)
            if path.suffix == ".jsonl":
                path.write_bytes(b"".join(_repeated(path.read_bytes(), responses)))
        folder.with_suffix(".done").touch()
    return _largest(name, folder)


def _largest(name: str, folder: Path) -> list[LogFile]:
    """Return the largest logs, which stand for all: what is measured is a megabyte, and no start of a file."""
    found = reader(name).discover(folder / "projects" if name == "claude" else folder)
    return sorted(found, key=lambda file: -file.size)[:2]


def _repeated(data: bytes, responses: int) -> Iterator[bytes]:
    """Yield a log again and again, each time with other ids and instants, and with longer texts."""
    texts = len(_TEXT.findall(data))
    more = max(0, responses * 1_000_000 // RESPONSES_A_MB - len(data)) // max(1, texts)
    padding = json.dumps(Text(7).take(Random(7), more), ensure_ascii=False)[1:-1].encode()
    padded = _TEXT.sub(lambda found: found[0] + padding, data)
    for number in range(FILE_BYTES // len(padded) + 1):
        mark = f"-{number}".encode()
        again = _NAMES.sub(rb"\1" + mark + rb'"', padded)
        yield _TIMES.sub(lambda found, number=number: found[1] + str(int(found[2]) + number).encode(), again)  # type: ignore[misc]


if __name__ == "__main__":
    run(benchmark, __doc__)
