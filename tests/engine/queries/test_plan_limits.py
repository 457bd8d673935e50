"""What Codex logs of its plan, beside what Claude Code reported."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from claude_tui.cli import main
from claude_tui.cli.statusline.count import main as count_for_statusline
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.allowances.limits import ReportedWindow, label, remember
from claude_tui.engine.queries.allowances.windows import reported_reset_ms
from claude_tui.engine.queries.plan_limits import logged_windows, plan_limits
from claude_tui.engine.setup import Setup
from claude_tui.model import Snapshot
from claude_tui.reports.gauges.check import limit_checks
from claude_tui.reports.gauges.metrics import families_of, metrics
from claude_tui.reports.gauges.statusline import line
from claude_tui.sources.protocol import SourceConfig
from claude_tui.sources.values.instants import instant_ms
from tests.engine.counting import PRICER
from tests.sources.codex.logs import NO_INFO, A, at, event, meta, write

HOUR_MS = 3_600_000
START_MS = instant_ms(at(0))
NOW_MS = START_MS + HOUR_MS


def limits(
    second: float, five: float | None = None, seven: float | None = None, limit: str = "codex", **more: Any
) -> dict[str, Any]:
    """A `token_count` with limits: 5 hours that end two hours after the start, 7 days that end three after it."""
    made: dict[str, Any] = {"limit_id": limit, "limit_name": None, "plan_type": "plus"}
    for part, percent, minutes, hours in (("primary", five, 300, 2), ("secondary", seven, 10_080, 3)):
        end_s = START_MS // 1000 + hours * 3600
        made[part] = (
            None if percent is None else {"used_percent": percent, "window_minutes": minutes, "resets_at": end_s}
        )
    info = {"total_token_usage": A, "last_token_usage": A}
    return event("token_count", second, info=info, rate_limits={**made, **more})


def windows_of(root: Path) -> list[tuple[str, float, int, int]]:
    found = logged_windows([("codex", os.fspath(root))], NOW_MS)
    assert {(one.source, one.account) for one in found} <= {("codex", os.fspath(root))}
    return [(one.name, one.used_percent, one.resets_ms - START_MS, one.seen_ms - START_MS) for one in found]


def test_the_newest_of_all_rollouts_counts(tmp_path: Path) -> None:
    write(tmp_path, "a", [meta("a"), limits(10, 5, 1), limits(30, 7.5, 2), NO_INFO])
    write(tmp_path, "b", [meta("b"), limits(20, 6, 3)])
    write(tmp_path, "c", [meta("c"), limits(25, 9)], folder="archived_sessions")
    assert windows_of(tmp_path) == [
        ("five_hour", 7.5, 2 * HOUR_MS, 30_000),
        ("seven_day", 2.0, 3 * HOUR_MS, 30_000),
    ]


def test_the_pace_tells_when_a_limit_is_reached(tmp_path: Path) -> None:
    write(tmp_path, "a", [meta("a"), limits(0, 10)])
    write(tmp_path, "b", [meta("b"), limits(1200, 50)])
    (window,) = logged_windows([("codex", os.fspath(tmp_path))], NOW_MS)
    assert window.full_ms == START_MS + 1_200_000 + 25 * 60_000  # 40 percent in 20 minutes: 50 take 25


def test_windows_are_known_by_their_length_whatever_their_place(tmp_path: Path) -> None:
    def window(minutes: float, **when: float) -> dict[str, float]:
        return {"used_percent": 1, "window_minutes": minutes, **when}

    write(
        tmp_path,
        "a",
        [
            meta("a"),
            limits(1, primary=window(10_079, resets_in_seconds=60), secondary=window(299, resets_in_seconds=30)),
            limits(2, primary=window(43_200, resets_at=START_MS / 1000 + 9), secondary=window(90, resets_at=5e8)),
        ],
    )
    assert windows_of(tmp_path) == [
        ("five_hour", 1, 31_000, 1000), ("seven_day", 1, 61_000, 1000),
        ("limit_of_90_minutes", 1, 5 * 10**11 - START_MS, 2000), ("thirty_day", 1, 9000, 2000),
    ]  # fmt: skip


def test_the_limit_of_a_model_is_not_that_of_the_plan(tmp_path: Path) -> None:
    write(
        tmp_path, "a", [meta("a"), limits(10, 5), limits(30, 90, limit="codex_bengalfox", limit_name="GPT-5.3 Spark")]
    )
    assert [row[:2] for row in windows_of(tmp_path)] == [("five_hour", 5), ("five_hour_gpt_5_3_spark", 90)]
    assert label("five_hour_gpt_5_3_spark") == "5-hour limit of gpt 5 3 spark"


@pytest.mark.parametrize(
    "line",
    [
        b'{"timestamp":"2026-11-21T07:00:40.000Z","type":"event_msg","payload":{"type":"token_count","rate_limits":[1]}}',
        b'{"timestamp":"2026-11-21T07:00:40.000Z","type":"event_msg","payload":{"rate_limits":{"primary":{}}}}',
        b'{"timestamp":"2026-11-21T07:00:40.000Z","type":"event_msg","payload":{"type":"token_count","rate_limits":'
        b'{"primary":{"used_percent":"many","window_minutes":300,"resets_at":1e9},"secondary":{"used_percent":true}}}}',
        b'{"timestamp":"2126-11-21T07:00:40.000Z","type":"event_msg","payload":{"type":"token_count","rate_limits":'
        b'{"primary":{"used_percent":99,"window_minutes":300,"resets_at":4951000000}}}}',
        b'{"rate_limits":',
        b'["rate_limits"]',
        b'"rate_limits"' + b"[" * 100_000,
        b'\xff\xfe\0 "rate_limits"',
    ],
)
def test_what_makes_no_sense_is_passed_over(tmp_path: Path, line: bytes) -> None:
    path = write(tmp_path, "a", [meta("a"), limits(10, 5)])
    with path.open("ab") as log:
        log.write(line + b"\n")
        log.write(b'{"timestamp":"2026-11-21T07:00:50.000Z","type":"event_msg","payload":{"rate_limits"')
    assert windows_of(tmp_path) == [("five_hour", 5, 2 * HOUR_MS, 10_000)]


def test_limits_that_scrolled_far_up_are_found(tmp_path: Path) -> None:
    talk = event("agent_message", message="x" * 1000)
    write(tmp_path, "a", [meta("a"), limits(10, 5), *[talk] * 500])
    assert windows_of(tmp_path) == [("five_hour", 5, 2 * HOUR_MS, 10_000)]


def test_clients_and_folders_are_never_mixed(tmp_path: Path) -> None:
    state, home = tmp_path / "state", tmp_path / "home"
    state.mkdir()
    given = {"rate_limits": {"five_hour": {"used_percentage": 80, "resets_at": NOW_MS / 1000 + 600}}}
    remember(os.fspath(state), "/me/.claude", given, NOW_MS)
    write(home / ".codex", "a", [meta("a"), limits(10, 5)])
    found = plan_limits(os.fspath(state), SourceConfig(home), NOW_MS).windows
    assert [(one.source, one.account, one.used_percent) for one in found] == [
        ("claude", "/me/.claude", 80), ("codex", os.fspath(home / ".codex"), 5),
    ]  # fmt: skip
    only = plan_limits(os.fspath(state), SourceConfig(home, sources=("codex", "kimi")), NOW_MS).windows
    assert [one.source for one in only] == ["codex"]
    assert reported_reset_ms(found, NOW_MS) == NOW_MS + 600_000, "the window of Claude Code alone bounds its block"
    assert reported_reset_ms(found[1:], NOW_MS) == 0
    assert [one.name for one in limit_checks(found, NOW_MS, 80)] == ["5-hour limit", "Codex 5-hour limit"]
    assert [one.status for one in limit_checks(found, NOW_MS, 80)] == ["near", "ok"]
    text = metrics(families_of(snapshot(home), found))
    assert f'limit_used_percent{{account="{home}/.codex",window="five_hour",source="codex"}} 5' in text


def snapshot(home: Path) -> Snapshot:
    from claude_tui.model import Query

    return monitor_of(home).snapshot(Query(), NOW_MS)


def monitor_of(home: Path) -> Monitor:
    return Monitor(Setup(SourceConfig(home), PRICER, ZoneInfo("UTC")))


def test_the_screen_knows_what_is_logged_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = monitor_of(tmp_path)
    path = write(tmp_path / ".codex", "a", [meta("a"), limits(10, 5)])

    def shown() -> list[float]:
        return [one.used_percent for one in monitor.limits(NOW_MS).windows]

    assert shown() == [5]
    monkeypatch.setattr("claude_tui.engine.queries.plan_limits.EVERY_S", 0)
    write(tmp_path / ".codex", "b", [meta("b"), limits(20, 8)])
    assert shown() == [5], "nothing was counted: it is not looked for that often"
    monitor.store.revision += 1
    assert shown() == [8]
    assert path.exists()


def test_scripts_hear_of_codex_too(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check`, `doctor` and the statusline, of windows that are open by the clock of this machine."""
    now_s = time.time()
    window = {"used_percent": 91.0, "window_minutes": 300, "resets_at": int(now_s) + 7200}
    logged = event("token_count", rate_limits={"limit_id": "codex", "primary": window, "secondary": None})
    write(own_home / ".codex", "a", [meta("a"), logged])
    assert main(["check"]) == 10
    assert "Codex 5-hour limit" in capsys.readouterr().out
    assert main(["check", "--source", "gemini"]) == 30
    main(["doctor"])
    assert "limits: 1 window reported" in capsys.readouterr().out
    (own_home / ".claude" / "projects").mkdir(parents=True)
    count_for_statusline(os.fspath(own_home))
    (found,) = own_home.glob("statusline-*.json")
    day = json.loads(found.read_text())
    assert line({}, day, int(now_s * 1000)).endswith(" | ◈ Codex 5h 91%")
    assert "Codex" not in line({}, day, int(now_s * 1000), is_plain=True)
    assert "Codex" not in line({}, day, int(now_s * 1000) + 7_300_000), "it was reset since"


def test_a_window_without_a_client_is_one_of_claude_code() -> None:
    assert ReportedWindow("a", "five_hour", 1, 2, 3, None).source == "claude"
