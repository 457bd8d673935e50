"""Which models attempted a response, and which of the attempts are billed. Must not know prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from claude_tui.records import NamedTuple
from claude_tui.sources.claude.counting.counters import Object, count_of, counters_of

FALLBACK: Final = "fallback"
"""The kind of the cost of an attempt that another model took over from, and the type of the block that marks it."""
_SERVED: Final = "fallback_message"
_HOPS: Final = ("message", _SERVED)
_STARTED_OUTPUT: Final = 8
"""Most output tokens a response has as soon as it starts: up to this, nothing may have been written."""


class Attempts(NamedTuple):
    """The attempts of a response if one model declined and another took over: each is an iteration.

    The served attempt is in the response's own counters; one that declined after it had begun to write is billed
    separately; one that declined before is not billed.
    """

    served: Sequence[Object] = ()
    billed_apart: Sequence[Object] = ()
    free: Sequence[Object] = ()


def attempts_of(line: Object, message: Object, usage: Object) -> Attempts:
    """Separate the attempts of a response. If no other model took over, there are none."""
    iterations = usage.get("iterations")
    entries = [e for e in iterations if isinstance(e, dict)] if isinstance(iterations, list) else []
    hops = [entry for entry in entries if entry.get("type") in _HOPS]
    served = [entry for entry in hops if entry.get("type") == _SERVED]
    if not served:
        return Attempts()
    # The counters are those of what was served last, or of all of it.
    total = _four(usage)
    if len(served) > 1 and total != tuple(map(sum, zip(*map(_four, served), strict=True))):
        last = next((entry for entry in reversed(served) if _four(entry) == total), None)
        served = [last] if last is not None else served
    wrote = _wrote(message, len(hops) - 1)
    free: list[Object] = []
    apart: list[Object] = []
    for at, hop in enumerate(hops):
        if not any(hop is one for one in served):
            (apart if _is_billed(hop, line, message, wrote[at] if wrote else None) else free).append(hop)
    if len(served) == 1:  # it is what the counters say, lifetimes of cache writes included, whatever the entry has
        served = [{**usage, "type": _SERVED, "model": message.get("model")}]
    return Attempts(served, apart, free)


def _four(usage: Object) -> tuple[int, int, int, int]:
    tokens_in, tokens_out, write_5m, write_1h, read, _ = counters_of(usage)
    return tokens_in, tokens_out, write_5m + write_1h, read


def _wrote(message: Object, takeovers: int) -> list[bool]:
    """Return whether each attempt had written anything, the last one included; none if this line does not tell.

    It tells if it has a block for every takeover: what stands before such a block, the attempt before it wrote.
    """
    kinds = _kinds(message)
    if kinds.count(FALLBACK) != takeovers or takeovers < 2:
        return []
    wrote = [False]
    for kind in kinds:
        if kind == FALLBACK:
            wrote.append(False)
        else:
            wrote[-1] = True
    return wrote


def _is_billed(attempt: Object, line: Object, message: Object, wrote: bool | None) -> bool:
    """Whether an attempt that another model took over from had written anything; `wrote` if that is known.

    It had if there is content before the block that marks the takeover. If that block is on another line, only the
    number of tokens can tell, and between two takeovers nothing.
    """
    output = count_of(attempt.get("output_tokens"))
    if wrote is not None:
        return output > 0 and wrote
    if attempt.get("type") == _SERVED:
        return True
    kinds = _kinds(message)
    if FALLBACK in kinds:
        return output > 0 and (kinds[0] != FALLBACK or count_of(line.get("apiBlockIndex")) > 0)
    return output > _STARTED_OUTPUT


def _kinds(message: Object) -> list[Any]:
    """Return the types of the blocks on a line."""
    content = message.get("content")
    return [part.get("type") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
