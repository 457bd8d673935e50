"""Codex rollouts of 1 MB beside Claude Code's logs: what a megabyte of each costs, counted cold and in turns."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from claude_tui.engine.scan.rollouts import completed
from claude_tui.native import library
from claude_tui.native.rollouts import read_rollouts
from claude_tui.sources.codex import CodexSource
from claude_tui.sources.codex.fast.reader import read_columns
from tests.benchmarks.corpus import Text
from tests.benchmarks.results import KEPT, Result, corpus, home, run
from tests.benchmarks.running import OURS, Program, in_turns, tell

FILES: Final = {"XS": 20, "S": 120, "M": 1_000, "L": 1_000, "FILES": 1_000}
"""Rollouts, of a megabyte each."""

BYTES: Final = 1_000_000
START_MS: Final = 1_790_000_000_000
MODEL: Final = "gpt-5.5"


def benchmark(options: argparse.Namespace) -> Iterator[Result]:
    logs, number = corpus(options), FILES[options.size]
    rollouts = KEPT / f"codex-{number}"
    if not rollouts.with_suffix(".done").exists():
        tell(f"making {number} rollouts in {KEPT}")
        shutil.rmtree(rollouts, ignore_errors=True)
        write_rollouts(rollouts, number)
        rollouts.with_suffix(".done").touch()
    sizes = {"claude": megabytes(logs), "codex": megabytes(rollouts)}
    with home(logs) as place:
        own = {"CODEX_HOME": str(rollouts)}
        runs = in_turns(
            {
                name: Program((*OURS, "report", "--json", "--source", name), place, place.forget, more_env=own)
                for name in sizes
            },
            options.runs,
        )
    for kind in ("wall", "cpu"):
        claude, codex = (getattr(runs[name], f"{kind}_s") / sizes[name] for name in ("claude", "codex"))
        found = f"{codex / claude:.2f} ({1000 * codex:.2f} ms to {1000 * claude:.2f} ms a MB)"
        amounts = f"{sizes['codex']:.0f} MB of Codex to {sizes['claude']:.0f} MB of Claude Code"
        yield Result(f"cold, {amounts}, {kind} per MB", "<= 1.0 of Claude Code's", found, codex <= claude)
    of = {"claude": logs, "codex": rollouts}
    plain = ", ".join(f"{json_ms(of[name]):.2f} ms a MB of {name}" for name in sizes)
    yield Result("the same by json, line by line, in one process, cpu", "", plain)
    ways = ", ".join(f"{ms:.2f} ms a MB {way}" for way, ms in reading_ms(rollouts).items())
    yield Result("reading rollouts alone, in one thread, cpu", "", ways)


def reading_ms(folder: Path, most: int = 100) -> dict[str, float]:
    """What a megabyte of rollouts costs to read, by Python and with the native core where that is, in ms of CPU."""
    files = list(CodexSource().discover(folder))[:most]
    core = library.found().core
    ways: dict[str, Callable[[], object]] = {"by Python": lambda: [read_columns(file) for file in files]}
    if core is not None:
        asked = [(file.path, file.size) for file in files]
        ways["with the core"] = lambda: [
            completed(one, files[one.place]) for one in read_rollouts(core, asked, threads=1)
        ]
    megabytes_read = sum(file.size for file in files) / 1e6
    return {way: min(cpu_s(read) for _ in range(3)) * 1000 / megabytes_read for way, read in ways.items()}


def cpu_s(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def json_ms(folder: Path, most_mb: float = 100) -> float:
    """What a megabyte of logs costs where every line is decoded by the standard library, in ms of CPU."""
    read, started = 0, time.process_time()
    for path in folder.rglob("*.jsonl"):
        with path.open("rb") as log:
            for line in log:
                read += len(line)
                with suppress(ValueError):
                    json.loads(line)
        if read > most_mb * 1e6:
            break
    return (time.process_time() - started) * 1000 / (read / 1e6)


def megabytes(folder: Path) -> float:
    """The size of all logs below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.jsonl")) / 1e6


def write_rollouts(folder: Path, number: int, seed: int = 7) -> None:
    """Write threads as the client does: items, then a usage record and a token count for each response."""
    text = Text(seed)
    for at in range(number):
        rng = Random(f"{seed}/{at}")
        thread = f"{rng.getrandbits(128):032x}"
        thread = "-".join((thread[:8], thread[8:12], thread[12:16], thread[16:20], thread[20:]))
        day = folder / "sessions" / "2026" / f"{1 + at % 12:02d}" / f"{1 + at % 28:02d}"
        day.mkdir(parents=True, exist_ok=True)
        path = day / f"rollout-2026-{1 + at % 12:02d}-{1 + at % 28:02d}T10-00-00-{thread}.jsonl"
        path.write_bytes(b"".join(_lines(rng, text, thread, START_MS + at * 600_000)))
        stamp_s = START_MS / 1000 + at * 600
        os.utime(path, (stamp_s, stamp_s))


def _lines(rng: Random, text: Text, thread: str, time_ms: int) -> Iterator[bytes]:
    """The lines of a thread of about a megabyte."""
    cwd = f"/home/dev/work/project-{rng.randrange(60):03d}"
    written, ordinal, turn = 0, 0, f"{thread[:-4]}beef"
    totals = dict.fromkeys(_counts(0, 0, 0), 0)

    def line(type: str, payload: dict[str, Any]) -> bytes:
        nonlocal ordinal, time_ms, written
        seconds = time_ms // 1000
        stamp = f"{_stamp(seconds)}.{time_ms % 1000:03d}Z"
        data = orjson.dumps({"timestamp": stamp, "ordinal": ordinal, "type": type, "payload": payload}) + b"\n"
        ordinal, time_ms, written = ordinal + 1, time_ms + rng.randint(20, 4_000), written + len(data)
        return data

    yield line("session_meta", {
        "id": thread, "session_id": thread, "cwd": cwd, "cli_version": "0.169.0", "source": "cli",
        "timestamp": f"{_stamp(time_ms // 1000)}.000Z", "base_instructions": {"text": text.take(rng, 20_000)},
    })  # fmt: skip
    yield line("turn_context", {"turn_id": turn, "cwd": cwd, "model": MODEL, "approval_policy": "never"})
    while written < BYTES:
        yield line("response_item", {"type": "message", "role": "user", "content": _content(text, rng, 400)})
        yield line("response_item", {"type": "function_call", "name": "shell", "arguments": text.take(rng, 500)})
        yield line("response_item", {"type": "function_call_output", "output": text.take(rng, rng.randint(800, 9_000))})
        yield line("response_item", {"type": "reasoning", "summary": [], "encrypted_content": text.take(rng, 1_500)})
        yield line("response_item", {"type": "message", "role": "assistant", "content": _content(text, rng, 700)})
        prompt = rng.randint(15_000, 190_000)
        usage = _counts(prompt, rng.randint(0, prompt), rng.randint(50, 3_000))
        totals = {name: totals[name] + count for name, count in usage.items()}
        yield line("token_usage_record", {
            "thread_id": thread, "turn_id": turn, "session_id": thread, "response_id": f"resp_{ordinal}",
            "usage": usage, "turn_token_usage": totals, "thread_token_usage": totals,
        })  # fmt: skip
        info = {"total_token_usage": totals, "last_token_usage": usage, "model_context_window": 258_400}
        yield line("event_msg", {"type": "token_count", "info": info, "rate_limits": None})


def _content(text: Text, rng: Random, most: int) -> list[dict[str, str]]:
    return [{"type": "text", "text": text.take(rng, rng.randint(40, most))}]


def _counts(prompt: int, cached: int, output: int) -> dict[str, int]:
    return {
        "input_tokens": prompt, "cached_input_tokens": cached, "cache_write_input_tokens": 0,
        "output_tokens": output, "reasoning_output_tokens": output // 3, "total_tokens": prompt + output,
    }  # fmt: skip


def _stamp(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


if __name__ == "__main__":
    run(benchmark, __doc__)
