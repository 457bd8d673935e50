"""What a client said at the end of a process that a session had used so far, and how that is kept as text.

Must not know how any client writes it, nor what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from claude_tui.model import Usage
from claude_tui.records import NamedTuple

MAX_TEXT: Final = 4 << 20
"""Characters of all that is kept of one session."""


class ClientTotal(NamedTuple):
    """What a session had used when a process left it, as the client counted: everything since `start_ms`.

    `duration_ms` is how long processes have run since then, `api_ms` how long they waited for answers. `cost_nano` is
    the client's own price. `offset` is where the row stands in the session's file, `last_ms` the instant of the newest
    line of the session before it. `is_split`: cache writes are told by how long they live; else all are 5-minute ones.
    `is_linear` says that since the offset `since` (-1: from the beginning) one process at a time wrote the file;
    `turns` are (offset, instant) where lines of another turn begin up to here, and when that turn began. Both are told
    only if anything may hang on it.
    """

    session: str
    start_ms: int
    duration_ms: int
    api_ms: int
    cost_nano: int
    offset: int
    last_ms: int
    is_split: bool
    models: tuple[tuple[str, Usage], ...]
    since: int = -1
    is_linear: bool = False
    turns: tuple[tuple[int, int], ...] = ()

    @property
    def identity(self) -> tuple[str, int, int, int, int]:
        """What is the same in every copy of a row."""
        return self[0], self[1], self[2], self[3], self[4]


def pack_totals(totals: Iterable[ClientTotal]) -> str:
    """Return totals as a text, "" for none, each once and in the order they stand in their file."""
    known: dict[object, ClientTotal] = {}
    for total in totals:
        same = known.get(total.identity)
        if same is None or total < same:
            known[total.identity] = total
    if not known:
        return ""
    ordered = sorted(known.values(), key=lambda total: (total.offset, total))
    return _packed(ordered)


def unpack_totals(text: str) -> tuple[ClientTotal, ...]:
    """Return the totals a text holds. Raises ValueError if it holds something else."""
    if not text:
        return ()
    try:
        return tuple(map(_total, _unpacked(text)))
    except (TypeError, IndexError, RecursionError) as error:
        raise ValueError("totals that are none") from error


def join_totals(known: str, found: str) -> str:
    """Return what two texts say together."""
    if known == found or not found:
        return known
    return pack_totals((*unpack_totals(known), *unpack_totals(found))) if known else found


def pack_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Return (model that answered, model that was asked) as a text, as far as any other model was asked.

    Where the model that answered was also asked itself, that stays: it is not known then for which answers.
    """
    found = set(pairs)
    others = {answered for answered, asked in found if asked != answered}
    if not others:
        return ""
    kept = sorted(pair for pair in found if pair[0] in others)
    return _packed(kept)


def unpack_pairs(text: str) -> set[tuple[str, str]]:
    """Return the pairs a text holds. Raises ValueError if it holds something else."""
    found = _unpacked(text) if text else []
    if not isinstance(found, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in found):
        raise ValueError("models that are none")
    return {(str(answered), str(asked)) for answered, asked in found}


def join_pairs(known: str, found: str) -> str:
    """Return what two texts say together."""
    if known == found or not found:
        return known
    return pack_pairs(unpack_pairs(known) | unpack_pairs(found)) if known else found


def short_model(model: str) -> str:
    """Return a model's name without its date and the mark of a long context."""
    name = model.removesuffix("[1m]")
    head, _, date = name.rpartition("-")
    return head if len(date) == 8 and date.isascii() and date.isdigit() else name


def _total(found: Sequence[Any]) -> ClientTotal:
    session, *numbers, is_split, models, since, is_linear, turns = found
    if type(session) is not str or len(numbers) != 6 or not _are_numbers((*numbers, since + 1)):
        raise ValueError("a total that is none")
    usages = tuple((str(model), Usage(*usage)) for model, usage in models)
    asked = tuple((offset, time_ms) for offset, time_ms in turns)
    if not all(_are_numbers(usage) for _, usage in usages) or not all(map(_are_numbers, asked)):
        raise ValueError("a total with bad counters")
    return ClientTotal._make((session, *numbers, bool(is_split), usages, since, bool(is_linear), asked))


def _are_numbers(values: Iterable[object]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _packed(values: Sequence[object]) -> str:
    import json  # 1 ms, for those who have such

    return json.dumps(values, separators=(",", ":"))


def _unpacked(text: str) -> Any:
    import json

    return json.loads(text)
