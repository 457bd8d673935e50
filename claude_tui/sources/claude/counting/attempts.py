"""Which models attempted a response, and which of the attempts are billed. Must not know prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui.records import NamedTuple
from claude_tui.sources.claude.counting.counters import Object, count_of, counters_of

FALLBACK: Final = "fallback"
"""The kind of the cost of an attempt that another model took over from, and the type of the block that marks it."""
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
    served = [entry for entry in entries if entry.get("type") == "fallback_message"]
    if not served:
        return Attempts()
    declined = [entry for entry in entries if entry.get("type") == "message"]
    free = [entry for entry in declined if not _is_billed(entry, line, message)]
    apart = [entry for entry in declined if entry not in free]
    # The counters are those of what was served last, or of all of it.
    total = _four(usage)
    if len(served) > 1 and total != tuple(map(sum, zip(*map(_four, served), strict=True))):
        last = next((at for at in reversed(range(len(served))) if _four(served[at]) == total), None)
        if last is not None:
            apart += [entry for at, entry in enumerate(served) if at != last]
            served = [served[last]]
    if len(served) == 1:  # it is what the counters say, lifetimes of cache writes included, whatever the entry has
        served = [{**usage, "type": served[0]["type"], "model": message.get("model")}]
    return Attempts(served, apart, free)


def _four(usage: Object) -> tuple[int, int, int, int]:
    tokens_in, tokens_out, write_5m, write_1h, read, _ = counters_of(usage)
    return tokens_in, tokens_out, write_5m + write_1h, read


def _is_billed(attempt: Object, line: Object, message: Object) -> bool:
    """Whether a declined attempt had written anything.

    It had if there is content before the block that marks the takeover. If that block is on another line, only the
    number of tokens can tell.
    """
    output = count_of(attempt.get("output_tokens"))
    content = message.get("content")
    kinds = [part.get("type") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    if FALLBACK in kinds:
        return output > 0 and (kinds[0] != FALLBACK or count_of(line.get("apiBlockIndex")) > 0)
    return output > _STARTED_OUTPUT
