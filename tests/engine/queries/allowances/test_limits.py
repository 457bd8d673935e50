from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_tui.engine.queries.allowances.limits import FILE_NAME, Limits, read_limits, remember

NOW = 1_795_255_200_000
MINUTE = 60_000
ACCOUNT = "/home/user/.claude"


def given(percent: Any, resets_in_min: float = 200, **more: Any) -> dict[str, Any]:
    window = {"used_percentage": percent, "resets_at": (NOW + resets_in_min * MINUTE) / 1000}
    return {"session_id": "s1", "rate_limits": {"five_hour": window}, **more}


def test_the_newest_figure_counts_and_a_new_window_starts_afresh(tmp_path: Path) -> None:
    folder = str(tmp_path)
    remember(folder, ACCOUNT, given(10), NOW)
    remember(folder, ACCOUNT, given(30), NOW + 20 * MINUTE)
    (window,) = read_limits(folder).windows
    assert (window.used_percent, window.seen_ms) == (30, NOW + 20 * MINUTE)
    # 20 percent in 20 minutes: the remaining 70 take 70.
    assert window.full_ms == NOW + 90 * MINUTE
    remember(folder, ACCOUNT, given(1, resets_in_min=500), NOW + 210 * MINUTE)
    (window,) = read_limits(folder).windows
    assert (window.used_percent, window.full_ms) == (1, None)


def test_when_a_limit_is_reached_is_not_said_on_thin_evidence(tmp_path: Path) -> None:
    folder = str(tmp_path)
    remember(folder, ACCOUNT, given(10), NOW)
    remember(folder, ACCOUNT, given(90), NOW + 9 * MINUTE)
    assert read_limits(folder).windows[0].full_ms is None
    remember(folder, "other", given(10), NOW)
    remember(folder, "other", given(11), NOW + 60 * MINUTE)
    assert read_limits(folder).windows[1].full_ms is None, "the reset comes first"


def test_accounts_have_windows_of_their_own(tmp_path: Path) -> None:
    remember(str(tmp_path), "a", given(1), NOW)
    remember(str(tmp_path), "b", given(2), NOW)
    assert [(w.account, w.used_percent) for w in read_limits(str(tmp_path)).windows] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("percent", [None, "12 %", True, -1, 5000, {}, []])
def test_what_is_no_percentage_is_not_kept(tmp_path: Path, percent: Any) -> None:
    remember(str(tmp_path), ACCOUNT, given(percent), NOW)
    assert read_limits(str(tmp_path)) == Limits()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"schema": 1}',
        '{"schema": 1, "accounts": {"a": 3}, "caches": {}}',
        '{"schema": 1, "accounts": {"a": {"five_hour": {}}}, "caches": {}}',
    ],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert read_limits(str(tmp_path)) == Limits()
    remember(str(tmp_path), ACCOUNT, given(10), NOW)
    assert read_limits(str(tmp_path)).windows[0].used_percent == 10


def test_the_file_stays_small(tmp_path: Path) -> None:
    for number in range(200):
        remember(
            str(tmp_path),
            ACCOUNT,
            {**given(number / 2), "session_id": f"s{number}", "context_window": {"context_window_size": number + 1}},
            NOW + number,
        )
    limits = read_limits(str(tmp_path))
    assert len(limits.contexts) == 64 and limits.contexts["s199"] == 200
    assert len(json.loads((tmp_path / FILE_NAME).read_text())["accounts"][ACCOUNT]["five_hour"]["samples"]) == 48
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
