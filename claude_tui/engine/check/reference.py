"""The slow, plain count of Claude Code's logs: the oracle every faster path must equal.

Dictionaries of rows, settled as the counting rule reads. Must not share the store, its columns or its reader.
The rule of the remainder, which knows none of these, is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from claude_tui.clients import TELEMETRY
from claude_tui.engine.check.merging import Spoken, event_of, merged
from claude_tui.engine.state.rows.final_output import with_output
from claude_tui.engine.state.rows.memberships import Mark
from claude_tui.engine.state.telemetry.pairing import LoggedResponse, left_of_sums
from claude_tui.engine.state.unlogged.remainder import remainders
from claude_tui.engine.state.unlogged.steps import CountedResponse as Counted
from claude_tui.model import BOTH, UNLOGGED, Response, UsageRow
from claude_tui.pricing import Pricer
from claude_tui.pricing.billing.usage import read_terms
from claude_tui.records import NamedTuple
from claude_tui.sources.claude.reference import ReferenceTranscript, reference_transcript
from claude_tui.sources.client_totals import ClientTotal, pack_pairs, pack_totals, unpack_pairs, unpack_totals
from claude_tui.sources.columns import is_sum_of_calls, key_number
from claude_tui.sources.protocol import FileFacts


class ReferenceRow(NamedTuple):
    """A row of a response, named by its key's number, as one place says it. `first_ms`: the earliest instant there."""

    key: int
    source: str
    row: UsageRow
    first_ms: int
    path: str


def reference_count(paths: Iterable[str], pricer: Pricer) -> list[Response]:
    """Return every settled response of the transcripts at `paths`, extras as lines of their own."""
    said, folders, told = [], dict[tuple[str, str], set[str]](), list[FileFacts]()
    for path in paths:
        found = reference_transcript(path)
        if found.cwd and found.session:
            folders.setdefault(("claude", found.session), set()).add(found.cwd)
        told += facts_of(found)
        said += [ReferenceRow(key_number("claude", row.key), "claude", row, row.time_ms, path) for row in found.rows]
    names = {one.key: one.row.key for one in said}
    return reference_of(said, folders, pricer, names, told)


def reference_of(
    said: Iterable[ReferenceRow],
    folders: Mapping[tuple[str, str], set[str]],
    pricer: Pricer,
    names: Mapping[int, str] | None = None,
    told: Iterable[FileFacts] = (),
) -> list[Response]:
    """Settle rows by key, by time then key. `folders` are those a session (source, id) is said to have begun in.

    `names` are the keys themselves; without them the lines are named by their numbers. `told` is what Claude Code says
    beside its rows.
    """
    by_key: dict[int, list[ReferenceRow]] = {}
    spoken: dict[int, list[ReferenceRow]] = {}
    for one in said:
        (spoken if one.source == TELEMETRY else by_key).setdefault(one.key, []).append(one)
    named = names or {}
    settled = {key: _settle(named.get(key, str(key)), found, folders, pricer) for key, found in by_key.items()}
    alone: dict[int, Response] = {}
    if spoken:
        events = {
            key: event_of(
                key, named.get(key, str(key)), [one.row for one in found], [one.path for one in found], pricer
            )
            for key, found in spoken.items()
        }
        alone = _merge(settled, by_key, events, pricer)
        for key, line in alone.items():
            alone[key] = line._replace(project=min(folders.get((line.source, line.session), {""})))
    lines = [line for of_key in settled.values() for line in of_key]
    lines += [*alone.values(), *_unlogged(by_key, settled, alone, told, folders, pricer)]
    return sorted(lines, key=lambda line: (line.time_ms, line.key))


def _merge(
    settled: dict[int, list[Response]],
    by_key: Mapping[int, Sequence[ReferenceRow]],
    events: Mapping[int, Spoken],
    pricer: Pricer,
) -> dict[int, Response]:
    """Give responses what their events tell. Returns the events that no log has, by key."""
    logged = []
    for key, (line, *_) in settled.items():
        sessions = {one.row.session for one in by_key[key]} if line.source == "claude" else {line.session}
        agents = {line.agent} - {""} if line.source in ("codex", "gemini") else set()
        names, is_copy = frozenset(sessions | agents), all(one.row.is_copy for one in by_key[key])
        logged.append(
            LoggedResponse(
                key, line.source, names, line.time_ms, line.model, line.usage, line.is_lower_bound, is_copy=is_copy
            )
        )
    sums = [key for key, found in by_key.items() if is_sum_of_calls(_counted(found).row.terms)]
    logged = [one._replace(is_sum=one.key in sums) for one in logged]
    pairs, alone = merged(logged, [event.told for event in events.values()])
    for at, left in left_of_sums(dict(enumerate(logged)), {told.key: told for told in alone}, {}).items():
        key, line = logged[at].key, settled[logged[at].key][0]
        if not left.tokens and line.usage.tokens:
            del settled[key]
        elif left != line.usage:
            settled[key][0] = line._replace(usage=left, price=pricer.price(line.source, line.model, line.time_ms, left))
    for at, told in pairs.items():
        lines, other = settled[logged[at].key], events[told.key].line
        if lines[0].is_lower_bound:
            counted = _counted(by_key[logged[at].key]).row
            output = told.usage.output
            usage, terms = counted.usage._replace(output=output), with_output(counted.terms, output)
            price = pricer.price(lines[0].source, counted.model, lines[0].time_ms, usage, terms, counted.reported_nano)
            lines[0] = lines[0]._replace(usage=usage, price=price, is_lower_bound=False)
        lines[0] = lines[0]._replace(
            origin=BOTH, kind=other.kind, effort=other.effort, speed=other.speed, client_nano=other.client_nano
        )
    return {told.key: events[told.key].line for told in alone}


def _settle(
    key: str, found: list[ReferenceRow], folders: Mapping[tuple[str, str], set[str]], pricer: Pricer
) -> list[Response]:
    source = found[0].source
    last = _counted(found)
    path, counted = last.path, last.row
    owner = min(
        (f.row for f in found),
        key=lambda row: (row.is_copy, row.time_ms, row.is_sidechain, row.session, row.agent, row.cwd),
    )
    time_ms = min(f.first_ms for f in found)
    project = min(folders.get((source, owner.session), {owner.cwd}))
    price = pricer.price(source, counted.model, time_ms, counted.usage, counted.terms, counted.reported_nano)
    lines = [
        Response(
            key, source, time_ms, owner.session, owner.agent, project, counted.model, counted.usage, price,
            counted.is_lower_bound, path, counted.offset, is_fast=_is_fast(counted.terms),
        )
    ]  # fmt: skip
    for number, extra in enumerate(counted.extras):
        before = [other.kind for other in counted.extras[:number]].count(extra.kind)
        cost = pricer.price(source, extra.model, time_ms, extra.usage, extra.terms)
        flags = cost.flags if extra.kind in cost.flags else (extra.kind, *cost.flags)
        price = cost._replace(flags=flags)
        lines.append(
            Response(
                f"{key}/{extra.kind}/{before}", source, time_ms, owner.session, owner.agent, project, extra.model,
                extra.usage, price, False, path, counted.offset, extra.kind,
            )
        )  # fmt: skip
    return lines


def facts_of(found: ReferenceTranscript) -> list[FileFacts]:
    """Return what a transcript says beside its rows, of its session and of the one its rows are of."""
    own = FileFacts(session=found.session, cwd=found.cwd, client_totals=pack_totals(found.totals))
    asked = pack_pairs(found.asked)
    return [own, *(FileFacts(parent=session, asked_models=asked) for session in {row.session for row in found.rows})]


def _unlogged(
    by_key: Mapping[int, Sequence[ReferenceRow]],
    settled: Mapping[int, Sequence[Response]],
    alone: Mapping[int, Response],
    told: Iterable[FileFacts],
    folders: Mapping[tuple[str, str], set[str]],
    pricer: Pricer,
) -> Iterator[Response]:
    """Yield what the client counted and no log shows, all sessions at once."""
    totals: dict[str, list[ClientTotal]] = {}
    asked: dict[str, set[tuple[str, str]]] = {}
    for facts in told:
        for total in unpack_totals(facts.client_totals):
            totals.setdefault(total.session, []).append(total)
        asked.setdefault(facts.session or facts.parent, set()).update(unpack_pairs(facts.asked_models))
    marks: dict[str, dict[int, Mark]] = {session: {} for session in totals}
    shared, lost = set(), {}
    for key, found in by_key.items():
        rows = [one.row for one in found if one.source == "claude"]
        if len({row.session for row in rows}) > 1:
            shared.add(key)
        if rows and all(row.is_copy and not row.is_sidechain for row in rows):
            lost[key] = settled[key][0].time_ms
        of_files: dict[tuple[str, str], list[ReferenceRow]] = {}
        for one in found:
            if one.source == "claude" and one.row.session in totals:
                of_files.setdefault((one.path, one.row.session), []).append(one)
        for (_, session), of_file in of_files.items():
            owner = min((one.row for one in of_file), key=lambda row: (row.is_copy, row.time_ms, row.is_sidechain))
            mark = Mark(-1 if owner.agent else _counted(of_file).row.offset, owner.is_copy)
            marks[session][key] = min(
                mark, marks[session].get(key, mark), key=lambda mark: (mark.is_copy, mark.offset < 0, mark.offset)
            )

    for key, line in alone.items():
        if line.source == "claude" and line.session in marks:
            marks[line.session][key] = Mark(-1, False)

    def logged(key: int) -> Counted:
        if key in alone:
            return Counted(alone[key].time_ms, alone[key].model, alone[key].usage)
        row, line = _counted(by_key[key]).row, settled[key][0]
        beside = tuple((extra.model, extra.usage) for extra in row.extras if extra.kind == "advisor")
        return Counted(line.time_ms, line.model, line.usage, beside, '"fallback_message"' in row.terms)

    only = {
        session: {answered: other for answered, other in pairs if len([p for p in pairs if p[0] == answered]) == 1}
        for session, pairs in asked.items()
    }
    once = {session: list(unpack_totals(pack_totals(found))) for session, found in totals.items()}
    for session, left in remainders(once, marks, logged, shared.__contains__, lost, only).items():
        flags = ("unlogged", "at_least") if left.is_lower_bound else ("unlogged",)
        for name, time_ms, model, usage in left.lines(session):
            price = pricer.price_of_sum("claude", model, time_ms, usage)
            yield Response(
                name, "claude", time_ms, session, "",
                min(folders.get(("claude", session), {""})), model, usage,
                price._replace(flags=(*flags, *price.flags)), False, extra=UNLOGGED,
            )  # fmt: skip


def _counted(found: Sequence[ReferenceRow]) -> ReferenceRow:
    """Return the row that counts: of equals the last read, also where two share a line."""
    return max(reversed(found), key=lambda f: (*_weight(f.row), f.path, f.row.offset))


def _weight(row: UsageRow) -> tuple[object, ...]:
    """What makes a row the one that counts: all it says that is counted or priced, the most important first."""
    usage = row.usage
    return (
        usage.output, usage.tokens, usage.web_search, 0 if row.is_lower_bound else 1, usage.cache_write_1h,
        usage.input, usage.cache_read, row.extras, row.terms, row.model,
    )  # fmt: skip


def _is_fast(terms: str) -> bool:
    return bool(terms) and (read_terms(terms) or {}).get("speed") == "fast"
