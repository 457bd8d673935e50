"""Shared by the pricing tests: one pricer, instants by name, usage objects by their counters."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import Any

from claude_tui.model import Price
from claude_tui.pricing import Pricer, load_pricer

NOW = "2026-11-21T06:00:00Z"


def ms(instant: str) -> int:
    moment = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp() * 1000)


@cache
def pricer() -> Pricer:
    return load_pricer()


def usage(
    input: int = 0, output: int = 0, write_5m: int = 0, write_1h: int = 0, read: int = 0, **terms: Any
) -> dict[str, Any]:
    return {
        "input_tokens": input,
        "output_tokens": output,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
        **terms,
    }


def iteration(kind: str, input: int = 0, output: int = 0, write: int = 0, read: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "input_tokens": input,
        "output_tokens": output,
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": read,
        **more,
    }


def claude(model: str, raw: dict[str, Any], instant: str = NOW) -> Price:
    return pricer().price_raw("claude-code", model, ms(instant), raw)
