"""Invented logs of any size with the exact truth beside them: `python -m tests.benchmarks.corpus M FOLDER`.

Rows have the client's own shape in all its versions; lengths are those of real transcripts (about 4.5 kB a line,
most of it tool results). What must not be counted is there as well: copies in forked sessions, usage quoted in
tool input and progress lines, synthetic rows, torn lines. The same size and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import orjson

from claude_tui.demo.rows import DemoTranscript, DemoUsage, Row

SIZES: Final = {
    "XS": (4, 24, 1_000), "S": (12, 300, 25_000), "M": (60, 2_350, 188_000), "L": (200, 20_000, 1_080_000),
    "FILES": (200, 20_000, 190_000),
}  # fmt: skip
"""Projects, files, lines; each about."""

END_MS: Final = 1_795_219_200_000  # 2026-11-21T00:00:00Z
DAY_MS: Final = 86_400_000
DAYS: Final = 350
WEB_SEARCH_NANO: Final = 10_000_000

MODELS: Final = {
    "claude-opus-4-1-20250805": 15_000,
    "claude-opus-4-5-20251101": 5_000,
    "claude-sonnet-4-5-20250929": 3_000,
    "claude-haiku-4-5-20251001": 1_000,
}
"""Nanodollars per input token. Output costs five times that, cache writes 1.25 and 2 times, reads a tenth."""

VERSIONS: Final = ("2.0.14", "2.0.76", "2.1.64", "2.1.112", "2.1.215", "2.1.329")
"""From the oldest part of the history to the newest."""

COUNTERS: Final = (
    "messages",
    "input",
    "output",
    "cache_write_5m",
    "cache_write_1h",
    "cache_read",
    "web_search",
    "nano",
)


class Place(NamedTuple):
    """One transcript to write."""

    log: DemoTranscript
    start_ms: int
    model: str
    lines: int
    spoken_by: str


class Truth:
    """What must be counted, in all and by day, model, project and session: the numbers of COUNTERS."""

    def __init__(self) -> None:
        self.total = [0] * len(COUNTERS)
        self.by: dict[str, dict[str, list[int]]] = {name: {} for name in ("day", "model", "project", "session")}
        self.written: dict[str, int] = {"files": 0, "lines": 0, "bytes": 0}

    def add(self, numbers: list[int], **names: str) -> None:
        self._add_to(self.total, numbers)
        for group, name in names.items():
            self._add_to(self.by[group].setdefault(name, [0] * len(COUNTERS)), numbers)

    def merge(self, other: Truth) -> None:
        self._add_to(self.total, other.total)
        for group, found in other.by.items():
            for name, numbers in found.items():
                self._add_to(self.by[group].setdefault(name, [0] * len(COUNTERS)), numbers)
        for name, count in other.written.items():
            self.written[name] += count

    @staticmethod
    def _add_to(sums: list[int], numbers: list[int]) -> None:
        sums[:] = [total + more for total, more in zip(sums, numbers, strict=True)]


class Text:
    """Slices of one long invented text: words, code, quotes, escapes, other scripts."""

    def __init__(self, seed: int) -> None:
        rng = Random(f"text/{seed}")
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        words = ["".join(rng.choices(letters, range(26, 0, -1), k=rng.randint(2, 11))) for _ in range(800)]
        rare = ['"key": "value",', "path\\to\\file", "→", "naïve", "日本", "\t", "{}", 'print("x")', "été", "🙂"]
        parts = []
        for _ in range(90_000):
            parts.append(rng.choice(rare) if rng.random() < 0.03 else rng.choice(words))
            parts.append("\n    " if rng.random() < 0.09 else " ")
        self._text = "".join(parts)

    def take(self, rng: Random, length: int) -> str:
        start = rng.randrange(len(self._text))
        taken = self._text[start : start + length]
        return taken if len(taken) == length else taken + self._text[: length - len(taken)]


def write_corpus(folder: Path, size: str, seed: int = 7, jobs: int = 2) -> dict[str, Any]:
    """Write a client's config folder and `<folder>.truth.json` beside it. Returns the truth."""
    projects, files, lines = SIZES[size]
    shares = _shares(Random(f"shares/{seed}"), projects, files)
    truth = Truth()
    with ProcessPoolExecutor(jobs) as pool:
        work = pool.map(_write_project, repeat(folder), repeat(seed), range(projects), shares, repeat(lines / files))
        for part in work:
            truth.merge(part)
    found = {"size": size, "seed": seed, **truth.written, "counters": COUNTERS, "total": truth.total, **truth.by}
    folder.with_name(folder.name + ".truth.json").write_bytes(orjson.dumps(found))
    return found


def _shares(rng: Random, projects: int, files: int) -> list[int]:
    """How many files each project has: few have many."""
    weights = [rng.paretovariate(1.1) for _ in range(projects)]
    return [max(2, round(files * weight / sum(weights))) for weight in weights]


def _write_project(folder: Path, seed: int, number: int, files: int, mean_lines: float) -> Truth:
    rng, text, truth = Random(f"{seed}/{number}"), Text(seed), Truth()
    cwd = f"/home/dev/{rng.choice(('work', 'clients', 'oss'))}/project-{number:03d}"
    told: list[tuple[DemoTranscript, list[bytes]]] = []
    session: DemoTranscript | None = None
    for place in _places(rng, cwd, files, mean_lines):
        log = place.log
        head: list[bytes] = []
        if not log.agent and told and rng.random() < 0.06:
            head = _forked(*rng.choice(told), log)
        lines = head + list(_lines(rng, text, place, truth, cwd))
        path = log.path(folder / "projects")
        path.parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(line + b"\n" for line in lines)
        path.write_bytes(data)
        stamp_s = (place.start_ms + DAY_MS / 50) / 1000
        os.utime(path, (stamp_s, stamp_s))
        truth.written["files"] += 1
        truth.written["lines"] += len(lines)
        truth.written["bytes"] += len(data)
        if log is not session and not log.agent:
            session, told = log, [*told[-3:], (log, lines[:200])]
    return truth


def _places(rng: Random, cwd: str, files: int, mean_lines: float) -> Iterator[Place]:
    """The transcripts of a project: sessions in order of time, about half of all files their sub-agents."""
    left = files
    starts = sorted(rng.random() ** 0.6 for _ in range(files))
    while left:
        part = starts[files - left]
        start_ms = END_MS - round((1 - part) * (DAYS - 1) * DAY_MS) - DAY_MS // 2
        version = VERSIONS[min(len(VERSIONS) - 1, int(part * len(VERSIONS)))]
        log = DemoTranscript("", cwd, rng.choice(("main", "fix/login", "")), version, rng)
        log.session = log.uuid()
        model = rng.choices(list(MODELS), (1, 3, 4, 1))[0]
        yield Place(log, start_ms, model, _length(rng, mean_lines * 1.3), log.session)
        left -= 1
        for _ in range(min(left, rng.choices((0, 1, 2, 5), (5, 3, 2, 1))[0])):
            agent = DemoTranscript(log.session, cwd, log.branch, version, rng, agent=f"{rng.getrandbits(60):015x}")
            agent_model = rng.choice((model, "claude-haiku-4-5-20251001"))
            yield Place(agent, start_ms + 60_000, agent_model, _length(rng, mean_lines * 0.7), log.session)
            left -= 1


def _length(rng: Random, mean: float) -> int:
    return max(3, round(mean * math.exp(rng.gauss(-0.5, 1.0))))


def _forked(earlier: DemoTranscript, lines: list[bytes], log: DemoTranscript) -> list[bytes]:
    """The lines of an earlier session as the client copies them into one that is forked from it."""
    copies = []
    for line in lines:
        if line.endswith(b"}") and b'"uuid"' in line:
            row = orjson.loads(line)
            row["sessionId"] = log.session
            row["forkedFrom"] = {"sessionId": earlier.session, "messageUuid": row.get("uuid")}
            copies.append(orjson.dumps(row))
    return copies


def _lines(rng: Random, text: Text, place: Place, truth: Truth, cwd: str) -> Iterator[bytes]:
    log, time_ms = place.log, place.start_ms
    context = rng.randint(12_000, 22_000)
    waiting = ""
    written = 0
    while written < place.lines:
        time_ms += rng.randint(2_000, 60_000)
        rows: list[Row] = []
        if waiting:
            rows.append(log.tool_result(time_ms, waiting, text.take(rng, _skewed(rng, 4_200, 1.5, 150_000))))
        else:
            rows.append(log.user(time_ms, text.take(rng, _skewed(rng, 300, 1.2, 30_000))))
        waiting, answer = _answer(rng, text, place, time_ms + 900, context, truth, cwd)
        context = min(190_000, context + rng.randint(200, 3_000)) if context < 185_000 else 20_000
        lines = [orjson.dumps(row) for row in (*rows, *answer)]
        lines += _uncounted(rng, text, log, answer[-1])
        yield from lines
        written += len(lines)


def _answer(
    rng: Random, text: Text, place: Place, time_ms: int, context: int, truth: Truth, cwd: str
) -> tuple[str, list[Row]]:
    """A response, a row for each of its blocks; the id of the tool it asks for, "" for none."""
    log = place.log
    write = min(context, _skewed(rng, 900, 1.3, 60_000))
    is_long = log.era > 0 and rng.random() < 0.4
    usage = DemoUsage(
        input=rng.choice((1, 3, 4, 9, _skewed(rng, 40, 1.5, 9_000))),
        output=_skewed(rng, 220, 1.2, 16_000),
        write_5m=0 if is_long else write,
        write_1h=write if is_long else 0,
        read=context - write,
        web_search=int(log.era > 0 and rng.random() < 0.01),
    )
    tool = f"toolu_{rng.getrandbits(96):024x}" if rng.random() < 0.8 else ""
    blocks: list[Row] = []
    if rng.random() < 0.3:
        blocks.append(
            {"type": "thinking", "thinking": text.take(rng, _skewed(rng, 700, 1.0, 40_000)), "signature": "s"}
        )
    if rng.random() < 0.5 or not tool:
        blocks.append({"type": "text", "text": text.take(rng, _skewed(rng, 350, 1.0, 12_000))})
    if tool:
        told: Row = {"command": text.take(rng, _skewed(rng, 300, 1.4, 40_000))}
        if rng.random() < 0.01:
            told["usage"] = {"input_tokens": 7, "output_tokens": 7}
            told["quoted"] = '{"type":"assistant","message":{"usage":{"output_tokens":9}}}'
        blocks.append({"type": "tool_use", "id": tool, "name": "Bash", "input": told})
    key = f"{rng.getrandbits(96):024x}"
    rows = log.assistant(time_ms, key, place.model, blocks, "tool_use" if tool else "end_turn", usage)
    output = max(row["message"]["usage"]["output_tokens"] for row in rows)
    numbers = [
        1, usage.input, output, usage.write_5m, usage.write_1h, usage.read, usage.web_search,
        _nano(place.model, usage, output),
    ]  # fmt: skip
    day = time.strftime("%Y-%m-%d", time.gmtime(time_ms / 1000))
    truth.add(numbers, day=day, model=place.model, project=cwd, session=place.spoken_by)
    return tool, rows


def _nano(model: str, usage: DemoUsage, output: int) -> int:
    per_token = MODELS[model]
    twentieths = 20 * usage.input + 100 * output + 25 * usage.write_5m + 40 * usage.write_1h + 2 * usage.read
    return per_token * twentieths // 20 + WEB_SEARCH_NANO * usage.web_search


def _uncounted(rng: Random, text: Text, log: DemoTranscript, spoken: Row) -> Iterator[bytes]:
    """Now and then a line that holds no usage, or none that may be counted."""
    chance = rng.random()
    if chance < 0.10:
        yield orjson.dumps({"type": "progress", "data": {"type": "hook_progress"}, "sessionId": log.session})
    elif chance < 0.14:
        yield orjson.dumps({"type": "file-history-snapshot", "snapshot": {"files": text.take(rng, 700)}})
    elif chance < 0.16 and not log.agent:
        yield orjson.dumps(
            {
                "type": "progress",
                "data": {"type": "agent_progress", "message": {k: spoken[k] for k in ("type", "message", "requestId")}},
                "sessionId": log.session,
                "timestamp": spoken["timestamp"],
            }
        )
    elif chance < 0.1605:
        message = {**spoken["message"], "id": f"{rng.getrandbits(96):024x}", "model": "<synthetic>"}
        yield orjson.dumps({**spoken, "message": {**message, "usage": {"input_tokens": 0, "output_tokens": 0}}})
    elif chance < 0.161:
        yield orjson.dumps(spoken)[: rng.randint(20, 300)]
    elif chance < 0.1615:
        yield b""


def _skewed(rng: Random, typical: int, spread: float, most: int) -> int:
    return max(1, min(most, round(typical * math.exp(rng.gauss(0, spread)))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    truth = write_corpus(options.folder.absolute(), options.size, options.seed)
    print(json.dumps({name: truth[name] for name in ("size", "seed", "files", "lines", "bytes", "total")}))


if __name__ == "__main__":
    main()
