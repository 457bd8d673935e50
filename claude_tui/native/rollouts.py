"""What the core read of Codex's rollouts, as the reader in Python gives it: each up to the first line that is unusual.

Must not decide what a line means: Python reads on where the core ended.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from struct import Struct
from typing import Final

from claude_tui.native.core import Core, threads_for
from claude_tui.native.reading import NO_DAYS, parts_of, request, texts_of
from claude_tui.pricing.billing.tiers import terms_of_tier
from claude_tui.records import NamedTuple
from claude_tui.sources.codex.counting.records import Tokens
from claude_tui.sources.codex.counting.rollout import Rollout
from claude_tui.sources.codex.counting.threads import Threads
from claude_tui.sources.codex.discovery import thread_of
from claude_tui.sources.codex.recognition import unrecognised
from claude_tui.sources.columns import SIDECHAIN, Columns, RowOwner
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint, ColumnsRead, FileFacts, LogFile, ManyRead
from claude_tui.sources.reading.objects import decode_objects
from claude_tui.sources.values.instants import instant_ms

_NO_COLUMNS: Final = Columns("codex")
_FILE: Final = Struct("<24q")
_HASHES: Final = Struct("<8s8s")
_TEXTS: Final = 4
_UNSIGNED: Final = 1 << 64
_COLUMNS: Final = ("key", "time", "model", "input", "output", "write_5m", "cache_read", "offset")
_SECTIONS: Final = (
    "files", "hashes", "texts", "metas", "turns", "key", "time", "model", "input", "output", "write_5m", "cache_read",
    "offset", "tiers", "tier_names", "models", "names",
)  # fmt: skip


class CoreRollout(NamedTuple):
    """What one rollout says up to the end of the line before the first unusual one.

    `place` is its place among the files asked for. `has_more`: something is behind `end`. `may_lead`: no record has
    shown that it no longer repeats another thread's history. Its responses are in the columns of all, which have no
    owners yet, from `start` up to `stop`.
    """

    place: int
    dev: int
    ino: int
    end: int
    has_more: bool
    lines: int
    meta_offset: int
    meta: bytes
    epoch: int
    told: bool
    may_lead: bool
    context: int
    compactions: int
    dated_ms: int
    window: int
    previous: Tokens | None
    head: bytes
    anchor: bytes
    talked_at: str
    talk: str
    model: str
    tier: str
    turns: dict[str, str]
    columns: Columns
    start: int
    stop: int


def read_rollouts(
    core: Core, files: Sequence[tuple[str, int]], *, threads: int = 0, with_names: bool = False
) -> list[CoreRollout]:
    """Read rollouts from their start, given as (path, size): those in which the first line is usual.

    Raises ValueError if the core fails.
    """
    threads = threads or threads_for([size for _, size in files])
    parts = parts_of(core.rollouts(request(files, NO_DAYS, 0, threads, with_names=with_names)), _SECTIONS)
    return list(_rollouts(parts))


def read_so_far(one: CoreRollout, file: LogFile) -> ColumnsRead:
    """Return what was read of a rollout as `sources.codex.fast.reader.read_columns` does."""
    found = facts_of(one, file)
    columns = one.columns.cut(one.start, one.stop)
    columns.keep_own_names()
    _give_owners(columns, [(found.facts, one.stop - one.start)])
    return found._replace(columns=columns)


def read_whole(found: Sequence[CoreRollout], files: Sequence[LogFile]) -> ManyRead:
    """Return what was read of rollouts of which all was, some of those of one answer in its order."""
    said = [facts_of(one, file) for one, file in zip(found, files, strict=True)]
    runs: list[tuple[int, int]] = []
    for one in found:
        start = runs.pop()[0] if runs and runs[-1][1] == one.start else one.start
        runs.append((start, one.stop))
    columns = found[0].columns.runs(runs)
    sizes = [one.stop - one.start for one in found]
    _give_owners(columns, zip((one.facts for one in said), sizes, strict=True))
    return ManyRead(columns, [*said], list(accumulate(sizes)))


def facts_of(one: CoreRollout, file: LogFile) -> ColumnsRead:
    """Return what was read of a rollout but for its responses."""
    rollout = _Followed(thread_of(file.path), Threads(file.root, file.path))
    rollout.follow(one)
    is_odd = one.start == one.stop and not rollout.has_counted and not one.has_more
    return ColumnsRead(
        _NO_COLUMNS,
        Checkpoint(one.dev, one.ino, one.end, one.head, one.anchor, state=rollout.state()),
        rollout.facts(instant_ms(one.talked_at), one.talk),
        Problems(unrecognised(file.path)) if is_odd else Problems(),
        False,
        one.end,
        one.lines,
    )


def _give_owners(columns: Columns, whose: Iterable[tuple[FileFacts, int]]) -> None:
    """Give responses their owners: so many, one after the other, to each thread."""
    numbers: dict[RowOwner, int] = {}
    owner, flags = array("i"), array("B")
    for facts, size in whose:
        if size:
            name = RowOwner(facts.session or facts.parent, facts.agent, facts.cwd)
            owner.extend([numbers.setdefault(name, len(numbers))] * size)
            flags.extend([SIDECHAIN if facts.agent else 0] * size)
    columns.owners, columns.owner, columns.flags = list(numbers), owner, flags


class _Followed(Rollout):
    """A thread of which the core has followed the records."""

    def follow(self, one: CoreRollout) -> None:
        """Learn what the core learnt."""
        if one.meta:
            for record in decode_objects(one.meta, is_slim=True):
                for _ in self.events(record, one.meta_offset):
                    pass  # it counts nothing
        state = self._state
        state.model, state.turns, state.previous, state.epoch = one.model, one.turns, one.previous, one.epoch
        state.told, state.context, state.compactions = one.told, one.context, one.compactions
        state.leading = state.leading and one.may_lead
        state.dated_ms = one.dated_ms or state.dated_ms
        state.window = one.window
        state.terms = terms_of_tier(one.tier)


def _rollouts(parts: dict[str, memoryview]) -> Iterator[CoreRollout]:
    columns = _columns(parts)
    texts, turns, metas = texts_of(parts["texts"]), iter(texts_of(parts["turns"])), bytes(parts["metas"])
    hashes = _HASHES.iter_unpack(parts["hashes"])
    row = meta_at = 0
    for number, (numbers, (head, anchor)) in enumerate(zip(_FILE.iter_unpack(parts["files"]), hashes, strict=True)):
        place, dev, ino, end, has_more, lines, meta_offset, meta_size, turn_count, rows, *state, is_told = numbers[:18]
        epoch, told, may_lead, context, compactions, dated_ms, window = state
        talked_at, talk, model, tier = texts[number * _TEXTS : (number + 1) * _TEXTS]
        named = list(islice(turns, 2 * turn_count))
        yield CoreRollout(
            place, dev % _UNSIGNED, ino % _UNSIGNED, end, bool(has_more), lines, meta_offset,
            metas[meta_at : meta_at + meta_size], epoch, bool(told), bool(may_lead), context, compactions, dated_ms,
            window, numbers[18:] if is_told else None, head, anchor, talked_at, talk, model, tier,
            dict(zip(named[::2], named[1::2], strict=True)), columns, row, row + rows,
        )  # fmt: skip
        row, meta_at = row + rows, meta_at + meta_size


def _columns(parts: dict[str, memoryview]) -> Columns:
    """Return the responses of all rollouts, which have no owners yet."""
    columns = Columns("codex")
    for name in _COLUMNS:
        getattr(columns, name).frombytes(parts[name])
    size = len(columns)
    columns.write_1h = array("q", bytes(8 * size))
    columns.owner, columns.flags = array("i", bytes(4 * size)), array("B", bytes(size))
    columns.owners = [RowOwner("", "", "")]
    columns.models, columns.names = texts_of(parts["models"]), texts_of(parts["names"])
    terms = map(terms_of_tier, texts_of(parts["tier_names"]))
    found = zip(array("q", parts["tiers"].tobytes()), terms, strict=True)
    columns.terms.update((entry, said) for entry, said in found if said)
    return columns
