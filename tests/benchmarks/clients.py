"""What a megabyte of each client's logs costs beside one of Claude Code's, read whole in one process.

The logs are those of the captured sets, written one after the other until there are megabytes of them, with other ids
and instants each time so that every response is one of its own. The captured sets hold hardly any text, so texts are
made longer until a megabyte has as many responses as one of Claude Code's, in files and in databases.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
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

SETS: Final = (
    *((name, {"claude": "v2.1.112", "gemini": "home-0.61"}.get(name) or one_set(name).name) for name in CLIENTS),
    ("opencode", "data-2.0preview"),
)
"""A client and a set of its logs; of OpenCode also what the next version writes, in another table."""
FILE_BYTES: Final = 4_000_000
RESPONSES_A_MB: Final = 75
"""As many as in the logs other benchmarks invent."""
LEAST_S: Final = 0.2
"""One turn reads a client's logs for at least so long."""

_NAMES: Final = re.compile(rb'("(?:id|response_id|responseId|usageId|apiCallId|turn_id)":"[^"]*)"')
_BEGINNING: Final = re.compile(
    rb'\{"(?:sessionId"|type":"(?:session|session\.start|metadata)"|[^{]*"type":"session_meta")'
)
"""A log has its first lines, which say whose it is, once."""
_END: Final = re.compile(rb'\{"type":"session\.shutdown"')
"""And its last."""
_TEXT: Final = re.compile(rb'"(?:text|content|output|think|thinking|result|data)":"')
_TIMES: Final = re.compile(rb'("time":)(\d{13})')


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    logs = {of: _logs(*of) for of in SETS}
    turns: dict[tuple[str, str], list[float]] = {of: [] for of in logs}
    for _ in range(options.runs):  # in turns, so that a busy moment of the machine meets all
        for of, files in logs.items():
            turns[of].append(_ms_a_megabyte(files))
    own = statistics.median(turns[SETS[0]])
    for name, logged in logs:
        found = statistics.median(turns[name, logged])
        kind = "database" if CLIENTS[name].reader.endswith(("OpenCodeSource", "KiloSource")) else "lines"
        text = f"{found / own:.2f} ({found:.2f} ms to {own:.2f} ms)"
        yield Result(
            f"{CLIENTS[name].label} ({logged}), {kind}, CPU a MB", "<= 1.0 of Claude Code's", text, found <= own
        )


def _ms_a_megabyte(files: list[LogFile]) -> float:
    read, started_s = 0, time.process_time()
    while (spent_s := time.process_time() - started_s) < LEAST_S:
        for file in files:
            read_columns(file)
            read += file.size
    return spent_s * 1000 / (read / 1e6)


def _logs(name: str, logged: str) -> list[LogFile]:
    """Return the logs of a client to read, made once."""
    home = GOLDEN / name / logged
    folder = KEPT / f"clients-{name}-{logged}"
    if not folder.with_suffix(".done").exists():
        tell(f"making logs in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(home, folder)
        for file in _largest(name, folder):
            path, responses = Path(file.path), len(read_columns(file).columns)
            if path.suffix == ".db":
                _grow(path, responses)
            elif path.suffix == ".jsonl":
                path.write_bytes(b"".join(_repeated(path.read_bytes(), responses)))
        folder.with_suffix(".done").touch()
    return _largest(name, folder)


def _largest(name: str, folder: Path) -> list[LogFile]:
    """Return the largest logs, which stand for all: what is measured is a megabyte, and no start of a file."""
    found = reader(name).discover(folder / "projects" if name == "claude" else folder)
    return sorted(found, key=lambda file: -file.size)[:2]


def _grow(path: Path, responses: int) -> None:
    """Write the messages of a database and their parts again and again, with longer texts."""
    text = Text(7)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {}
        for table in ("message", "part", "session_message"):
            if table in tables:
                columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
                rows[table] = columns, database.execute(f"SELECT * FROM {table}").fetchall()
        texts = sum('"text":"' in str(row) for _, found in rows.values() for row in found)
        more = responses * 1_000_000 // RESPONSES_A_MB // max(1, texts)
        database.execute("BEGIN")
        for number in range(1, RESPONSES_A_MB * FILE_BYTES // 1_000_000 // max(1, responses) + 1):
            for table, (columns, found) in rows.items():
                marks = ", ".join("?" * len(columns))
                for row in found:
                    made = dict(zip(columns, row, strict=True))
                    made |= {name: f"{made[name]}-{number}" for name in ("id", "message_id") if made.get(name)}
                    if "seq" in made:
                        made["seq"] += 1_000_000 * number
                    padding = json.dumps(text.take(Random(number), more))[1:-1]
                    made["data"] = _later(made["data"], number).replace('"text":"', f'"text":"{padding}')
                    database.execute(f"INSERT INTO {table} VALUES ({marks})", list(made.values()))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _later(data: str, by_ms: int) -> str:
    return re.sub('("(?:created|completed)":)(\\d+)', lambda at: f"{at[1]}{int(at[2]) + by_ms}", data)


def _repeated(data: bytes, responses: int) -> Iterator[bytes]:
    """Yield a log again and again, each time with other ids and instants, and with longer texts."""
    texts = len(_TEXT.findall(data))
    more = max(0, responses * 1_000_000 // RESPONSES_A_MB - len(data)) // max(1, texts)
    padding = json.dumps(Text(7).take(Random(7), more), ensure_ascii=False)[1:-1].encode()
    lines = _TEXT.sub(lambda found: found[0] + padding, data).splitlines(keepends=True)
    beginning = [line for line in lines if _BEGINNING.match(line)]
    end = [line for line in lines if _END.match(line)]
    padded = b"".join(line for line in lines if line not in beginning and line not in end)
    yield b"".join(beginning)
    for number in range(FILE_BYTES // len(padded) + 1):
        mark = f"-{number}".encode()
        again = _NAMES.sub(rb"\1" + mark + rb'"', padded)
        yield _TIMES.sub(lambda found, number=number: found[1] + str(int(found[2]) + number).encode(), again)  # type: ignore[misc]
    yield b"".join(end)


if __name__ == "__main__":
    run(benchmark, __doc__)
