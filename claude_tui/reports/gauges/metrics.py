"""A snapshot as Prometheus text. Counters are sums over the whole history, gauges are current values.

What is called `_total` never falls while a server runs (`Ratchet`), because a counter that falls looks like a restart
and is added again. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import claude_tui
from claude_tui.engine.queries.allowances.limits import ReportedWindow
from claude_tui.figures import NANO
from claude_tui.model import SessionState, Snapshot, Totals
from claude_tui.records import NamedTuple
from claude_tui.sources.values.display import display_name

KINDS: Final = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
MOST_PROJECTS: Final = 20
"""Most projects with a series of their own; what the others cost is one series more."""
PPM: Final = 1_000_000


class Family(NamedTuple):
    """One metric: its name without the prefix, its type, what it is, and its integer samples by their labels.

    `show` writes a sample, whose unit is the family's own.
    """

    name: str
    kind: str
    text: str
    samples: Mapping[str, int]
    show: Callable[[int], str] = str


class Ratchet:
    """Keeps the highest sample of every counter it has seen, and raises those that fell."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, str], int] = {}

    def raised(self, families: Iterable[Family]) -> list[Family]:
        """Return the families with no counter below what it was."""
        return [
            family._replace(samples={label: self._raise(family.name, label, now) for label, now in self._all(family)})
            if family.kind == "counter"
            else family
            for family in families
        ]

    def _all(self, family: Family) -> list[tuple[str, int]]:
        gone = [(label, 0) for name, label in self._highest if name == family.name and label not in family.samples]
        return [*family.samples.items(), *gone]

    def _raise(self, name: str, label: str, now: int) -> int:
        self._highest[name, label] = highest = max(now, self._highest.get((name, label), now))
        return highest


def metrics(families: Iterable[Family]) -> str:
    """Return the metrics as text, one family after the other."""
    return "".join(_text(family) for family in families)


def families_of(snapshot: Snapshot, windows: Iterable[ReportedWindow] = ()) -> list[Family]:
    """Return every metric of a snapshot of everything. Labels are safe to show. `windows` are the reported limits."""
    limits = [window for window in windows if window.resets_ms > snapshot.taken_ms]
    models = [(f'model="{_label(row.key)}",source="{_label(row.source)}"', row.totals) for row in snapshot.models]
    totals = snapshot.totals
    return [
        Family("info", "gauge", "The version of claude-top.", {f'version="{_label(claude_tui.__version__)}"': 1}),
        _family("tokens_total", "counter", "Tokens counted.", _tokens(models)),
        _family("cost_usd_total", "counter", "Cost at list price, in USD.", _each(models, "cost_nano"), _usd),
        _family("responses_total", "counter", "Responses.", _each(models, "responses")),
        _family("unpriced_tokens", "gauge", "Tokens without a price; not in the cost.",
                _each(models, "unpriced_tokens")),
        _family("lower_bound_responses", "gauge", "Responses with only the beginning of their output logged.",
                _each(models, "lower_bound")),
        _one("unpriced_ratio", "Share of the tokens that have no price, 0 to 1.",
             _ppm(totals.unpriced_tokens, totals.tokens), _ratio),
        _one("lower_bound_ratio", "Share of the responses with only the beginning of their output logged, 0 to 1.",
             _ppm(totals.lower_bound, totals.responses), _ratio),
        _family("problems", "gauge", "Problems in the logs: lines skipped or in doubt.",
                ((f'kind="{_label(kind)}"', number) for kind, number in sorted(snapshot.problems.items()))),
        _family("project_cost_usd", "gauge", f"Cost of the {MOST_PROJECTS} dearest projects and of all others, in USD.",
                _projects(snapshot), _usd),
        _one("today_cost_usd", "Cost of the current local day, in USD.", snapshot.today.cost_nano, _usd),
        _one("today_tokens", "Tokens of the current local day.", snapshot.today.tokens),
        _family("burn_usd_per_hour", "gauge", "Cost of the last minutes, per hour.", _burn(snapshot), _usd),
        _one("active_sessions", "Active sessions.", snapshot.active_sessions),
        _one("waiting_sessions", "Sessions that wait for a person.", snapshot.waiting_sessions),
        _family("session_context_ratio", "gauge", "How full the context window of an active session is, 0 to 1.",
                _contexts(snapshot), _ratio),
        _family("limit_used_percent", "gauge", "What was reported to be used of a limit that is not yet reset.",
                ((_limit(window), round(window.used_percent * PPM)) for window in limits), _percent),
        _family("limit_reset_timestamp_seconds", "gauge", "When that limit is reset.",
                ((_limit(window), window.resets_ms) for window in limits), _seconds),
        _one("newest_timestamp_seconds", "Unix time of the newest response.", snapshot.newest_ms, _seconds),
        _one("newest_seconds", "Older name of newest_timestamp_seconds.", snapshot.newest_ms, _seconds),
    ]  # fmt: skip


def _family(
    name: str, kind: str, text: str, samples: Iterable[tuple[str, int]], show: Callable[[int], str] = str
) -> Family:
    """Return a family. Samples whose labels look alike, once safe to show, are one series."""
    sums: dict[str, int] = {}
    for labels, value in samples:
        sums[labels] = sums.get(labels, 0) + value
    return Family(name, kind, text, sums, show)


def _one(name: str, text: str, value: int, show: Callable[[int], str] = str) -> Family:
    return Family(name, "gauge", text, {"": value}, show)


def _text(family: Family) -> str:
    full = f"claude_top_{family.name}"
    lines = [f"# HELP {full} {family.text}", f"# TYPE {full} {family.kind}"]
    lines += [
        f"{full}{{{labels}}} {family.show(value)}" if labels else f"{full} {family.show(value)}"
        for labels, value in family.samples.items()
    ]
    return "\n".join(lines) + "\n"


def _each(models: Sequence[tuple[str, Totals]], name: str) -> list[tuple[str, int]]:
    return [(labels, getattr(totals, name)) for labels, totals in models]


def _tokens(models: Iterable[tuple[str, Totals]]) -> Iterable[tuple[str, int]]:
    for labels, totals in models:
        for kind in KINDS:
            yield f'{labels},kind="{kind}"', getattr(totals, kind)


def _projects(snapshot: Snapshot) -> Iterable[tuple[str, int]]:
    dearest = sorted(snapshot.projects, key=lambda row: (-row.totals.cost_nano, row.key))
    for row in dearest[:MOST_PROJECTS]:
        yield f'project="{_label(row.key)}"', row.totals.cost_nano
    if others := dearest[MOST_PROJECTS:]:
        yield 'project="(others)"', sum(row.totals.cost_nano for row in others)


def _contexts(snapshot: Snapshot) -> Iterable[tuple[str, int]]:
    for row in snapshot.sessions:
        if row.state is not SessionState.DONE and row.context_window:
            yield f'session="{_label(row.key)}"', _ppm(row.context_tokens, row.context_window)


def _burn(snapshot: Snapshot) -> list[tuple[str, int]]:
    burn = snapshot.burn
    windows = (("5m", burn.last_5m_nano), ("15m", burn.last_15m_nano), ("60m", burn.last_60m_nano))
    return [(f'window="{window}"', nano) for window, nano in windows]


def _ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0


def _ratio(ppm: int) -> str:
    return f"{ppm / PPM:g}"


def _percent(ppm: int) -> str:
    return f"{ppm / PPM:.10g}"


def _usd(nano: int) -> str:
    """Return nanodollars as dollars with all decimals: Prometheus reads decimals, so no precision is lost before it."""
    return f"{nano // NANO}.{nano % NANO:09d}"


def _seconds(time_ms: int) -> str:
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def _limit(window: ReportedWindow) -> str:
    return f'account="{_label(window.account)}",window="{_label(window.name)}",source="{_label(window.source)}"'


def _label(text: str) -> str:
    return display_name(text).replace("\\", "\\\\").replace('"', '\\"')
