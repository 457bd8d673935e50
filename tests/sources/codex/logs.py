"""Writes small rollouts of Codex, record by record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def at(second: float) -> str:
    return f"2026-11-21T07:{int(second) // 60:02d}:{int(second) % 60:02d}.{round(second % 1 * 1000):03d}Z"


def line(kind: str, second: float = 0, **payload: Any) -> Record:
    return {"timestamp": at(second), "type": kind, "payload": payload}


def event(kind: str, second: float = 0, **payload: Any) -> Record:
    return line("event_msg", second, type=kind, **payload)


def meta(thread: str, second: float = 0, **more: Any) -> Record:
    return line("session_meta", second, id=thread, timestamp=at(second), cwd="/work", **more)


def spawned(thread: str, parent: str, second: float = 0, **more: Any) -> Record:
    origin = {"subagent": {"thread_spawn": {"parent_thread_id": parent, "depth": 1, "agent_role": "worker"}}}
    return meta(thread, second, forked_from_id=parent, source=origin, **more)


def turn(model: str = "gpt-5.5", turn_id: str = "t1", second: float = 0) -> Record:
    return line("turn_context", second, model=model, turn_id=turn_id, cwd="/elsewhere")


def usage(given: int, output: int = 10, cached: int = 0, written: int = 0, reasoning: int = 0) -> dict[str, int]:
    return {
        "input_tokens": given, "cached_input_tokens": cached, "cache_write_input_tokens": written,
        "output_tokens": output, "reasoning_output_tokens": reasoning, "total_tokens": given + output,
    }  # fmt: skip


def plus(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one[name] + other[name] for name in one}


def count(total: Mapping[str, Any], last: Mapping[str, Any], second: float = 0) -> Record:
    return event("token_count", second, info={"total_token_usage": total, "last_token_usage": last}, rate_limits=None)


def told(thread: str, response: str, used: Mapping[str, Any], turn_id: str = "t1", second: float = 0) -> Record:
    return line(
        "token_usage_record", second, thread_id=thread, turn_id=turn_id, response_id=response, usage=used,
        thread_token_usage=used,
    )  # fmt: skip


def alone(last: Mapping[str, Any], second: float = 0) -> Record:
    """A count that tells no running total."""
    return event("token_count", second, info={"last_token_usage": last})


def tier(name: str | None, second: float = 0) -> Record:
    """Settings that ask for a service tier; None for those that ask for none."""
    asked = {} if name is None else {"service_tier": name}
    return event("thread_settings_applied", second, thread_settings={"model": "set", **asked})


NO_INFO = event("token_count", info=None, rate_limits={"primary": None})
A, B, C = usage(100, 11), usage(200, 12), usage(300, 13)


def write(root: Path, thread: str, lines: Iterable[Record], folder: str = "sessions/2026/11/21") -> Path:
    path = root / folder / f"rollout-2026-11-21T07-00-00-{thread}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value, separators=(",", ":")) + "\n" for value in lines))
    return path


def parent_lines() -> list[Record]:
    return [meta("par", 0), turn(second=1), NO_INFO, count(A, A, 2), count(A, A, 3), count(plus(A, B), B, 4)]


def child_lines(thread: str = "kid", own: dict[str, int] = C, second: float = 10) -> list[Record]:
    """A spawned thread of old versions: the parent's history, stamped anew, then its own."""
    base = plus(A, B)
    return [
        spawned(thread, "par", second),
        meta("par", 0) | {"timestamp": at(second)},
        count(A, A, second + 0.1),
        count(A, A, second + 0.1),
        count(base, B, second + 0.1),
        turn(second=second + 0.1),
        count(base, B, second + 5),
        count(plus(base, own), own, second + 6),
    ]
