"""What Prometheus scrapes: every sample is valid, and no counter ever falls."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from claude_tui.model import Activity, ModelRow, ProjectRow, Query, SessionRow, SessionState, Snapshot, Totals
from claude_tui.reports.gauges.metrics import MOST_PROJECTS, Ratchet, families_of, metrics
from tests.replacing import replace

EMPTY = Snapshot(0, 0, "UTC", Query(), Totals())
names = st.text(max_size=12)
counts = st.integers(0, 2**60)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by name and labels, as Prometheus parses it. No series may be there twice."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def snapshot(models: dict[tuple[str, str], int], projects: dict[str, int]) -> Snapshot:
    return replace(
        EMPTY,
        models=tuple(
            ModelRow(key, key, source, Totals(responses=count, input=count, cost_nano=count))
            for (key, source), count in models.items()
        ),
        projects=tuple(ProjectRow(key, key, "claude", 1, Totals(cost_nano=count)) for key, count in projects.items()),
    )


snapshots = st.builds(
    snapshot, st.dictionaries(st.tuples(names, names), counts, max_size=6), st.dictionaries(names, counts, max_size=40)
)


@given(snapshots)
def test_any_names_make_valid_series_and_lose_no_money(taken: Snapshot) -> None:
    found = samples(metrics(families_of(taken)))
    spent = sum(value for (name, _), value in found.items() if name == "claude_top_cost_usd_total")
    assert abs(spent * 1e9 - sum(row.totals.cost_nano for row in taken.models)) <= 1e-6 * max(1, spent * 1e9)
    by_project = [value for (name, _), value in found.items() if name == "claude_top_project_cost_usd"]
    assert len(by_project) <= MOST_PROJECTS + 1
    whole = sum(row.totals.cost_nano for row in taken.projects)
    assert abs(sum(by_project) * 1e9 - whole) <= 1e-6 * max(1, whole)


@given(st.lists(snapshots, min_size=2, max_size=5))
def test_what_is_called_total_never_falls(taken: list[Snapshot]) -> None:
    counters = Ratchet()
    before: dict[Any, float] = {}
    for each in taken:
        now = {key: value for key, value in samples(metrics(counters.raised(families_of(each)))).items()}
        totals = {key: value for key, value in now.items() if key[0].endswith("_total")}
        assert all(totals.get(key, -1) >= value for key, value in before.items())
        before = totals


def test_a_gauge_falls_and_a_finished_session_has_no_context() -> None:
    counters = Ratchet()
    working = SessionRow(
        "s1", "s1", "claude", "/p", "p", "", "", (), Totals(), activity=Activity(SessionState.WORKING),
        context_tokens=50_000, context_window=200_000,
    )  # fmt: skip
    first = replace(EMPTY, active_sessions=1, sessions=(working,))
    assert 'claude_top_session_context_ratio{session="s1"} 0.25\n' in metrics(counters.raised(families_of(first)))
    second = replace(EMPTY, sessions=(working._replace(activity=Activity(SessionState.DONE)),))
    text = metrics(counters.raised(families_of(second)))
    assert "claude_top_active_sessions 0\n" in text and 'session="s1"' not in text


def test_the_dashboard_and_the_page_ask_only_for_metrics_there_are() -> None:
    docs = Path(__file__).parents[2] / "docs"
    known = {f"claude_top_{family.name}" for family in families_of(EMPTY)}
    asked = set(re.findall(r"claude_top_\w+", (docs / "grafana.json").read_text()))
    named = set(re.findall(r"`(claude_top_\w+)`", (docs / "serve.md").read_text()))
    assert asked <= known and named <= known
