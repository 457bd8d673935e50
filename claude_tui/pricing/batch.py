"""Prices lines of JSON: the work of `claude-top price --json`. Must not know where lines come from or go."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from claude_tui.model import Price
from claude_tui.pricing.pricer import RAW_SHAPES, SHORT_NAMES, Pricer

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FRACTION: Final = re.compile(r"\.(\d+)")


class LineError(ValueError):
    """What is wrong with a line, in a few words."""


def price_lines(lines: Iterable[bytes], pricer: Pricer) -> Iterator[bytes]:
    """Yield one line of JSON {"nano", "status", "flags"} for each line {"model", "ts", "usage", "source"?}.

    `usage` has the format of the client named by `source` (Claude Code if there is none). A line that cannot be read
    gives the flag "bad_input" and an "error".
    """
    for line in lines:
        yield json.dumps(_answer(line, pricer), separators=(",", ":")).encode() + b"\n"


def _answer(line: bytes, pricer: Pricer) -> dict[str, Any]:
    try:
        price = _price(line, pricer)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, LineError) else "not JSON"
        return {"nano": None, "status": "unpriced", "flags": ["bad_input"], "error": reason}
    return {"nano": price.nano, "status": price.status.value, "flags": list(price.flags)}


def _price(line: bytes, pricer: Pricer) -> Price:
    record = json.loads(line)
    if not isinstance(record, dict):
        raise LineError("not a JSON object")
    source = record.get("source", "claude-code")
    if not isinstance(source, str) or SHORT_NAMES.get(source, source) not in RAW_SHAPES:
        raise LineError(f"unknown source {source!r}"[:80])
    model = record.get("model")
    if not isinstance(model, str) or not model:
        raise LineError("no model")
    usage = record.get("usage")
    if not isinstance(usage, Mapping):
        raise LineError("no usage object")
    if "stop_reason" in record:
        usage = {"stop_reason": record["stop_reason"], **usage}
    return pricer.price_raw(source, model, _instant_ms(record.get("ts")), usage)


def _instant_ms(value: object) -> int:
    """Parse an ISO 8601 instant; UTC if it names no zone."""
    if not isinstance(value, str):
        raise LineError("no ts")
    text = value.strip().replace("Z", "+00:00").replace("z", "+00:00")
    # Python 3.10 reads fractions of three or six digits only.
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text, count=1)
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=timezone.utc)
        return (instant - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        raise LineError(f"ts is not an instant: {value!r}"[:80]) from None
