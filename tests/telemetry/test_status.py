"""How telemetry stands, and a kept status that makes no sense."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claude_tui.paths import create_private, state_folder
from claude_tui.telemetry.status import (
    FILE_NAME,
    EventTally,
    ReceiverStatus,
    Refusal,
    TelemetryStanding,
    load,
    save,
    shortcoming,
    standing,
)
from tests.cli.program import run


@pytest.mark.parametrize(
    ("is_on", "is_received", "failing", "counts", "wanted"),
    [
        (False, False, "", (10, 0), TelemetryStanding("off", "", 0.0)),
        (True, False, "", (0, 0), TelemetryStanding("away", "", None)),
        (True, True, "", (0, 0), TelemetryStanding("on", "", None)),
        (True, True, "", (10, 10), TelemetryStanding("on", "", 1.0)),
        (True, True, "", (10, 5), TelemetryStanding("on", "", 0.5)),
        (False, True, "", (10, 10), TelemetryStanding("on", "", 1.0)),
        (True, True, "No space left on device", (10, 10), TelemetryStanding("failing", "No space left on device", 1.0)),
    ],
)
def test_how_it_stands(
    is_on: bool, is_received: bool, failing: str, counts: tuple[int, int], wanted: TelemetryStanding
) -> None:
    logged, told = counts
    found = standing(is_on=is_on, is_received=is_received, failing=failing, logged=logged, told=told)
    assert found == wanted


def test_what_was_counted_is_kept() -> None:
    folder = create_private(state_folder())
    assert folder is not None
    status = ReceiverStatus(pid=7, role="screen", port=8378)
    status.add({"claude": 2, "codex": 1}, 1, 1000)
    status.refuse(Refusal.TOKEN, 2000)
    status.lose("No space left on device", 3000)
    save(folder, status)
    assert load(folder) == status


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": "x", "kept": 7, "refused": {"a": []}, "posts": {"count": -1}}']
)
def test_a_status_that_makes_no_sense_counts_as_none(text: str) -> None:
    folder = create_private(state_folder())
    assert folder is not None
    (folder / FILE_NAME).write_text(text)
    found = load(folder)
    assert (found.pid, found.kept, found.posts.count) == (0, {}, 0)
    assert run("telemetry", "status").code == 1


def test_doctor_says_how_to_switch_it_on_and_then_what_arrives() -> None:
    before = run("doctor").text
    assert "nothing receives telemetry now" in before
    assert "claude-top telemetry install" in before
    run("telemetry", "install")
    folder = state_folder()
    status = load(folder)
    status.add({"claude": 3}, 0, 1000)
    save(folder, status)
    after = run("doctor").text
    assert "3 responses arrived" in after
    assert "has Claude Code send it" not in after


NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("is_owned", "changes", "expected"),
    [
        (False, {}, None),
        (True, {}, None),
        (False, {"kept": {"claude": EventTally(3, NOW_MS - 60_000)}}, ("no telemetry: nobody receives it", True)),
        (True, {"kept": {"claude": EventTally(3, NOW_MS - 60_000)}}, None),
        (False, {"kept": {"claude": EventTally(3, NOW_MS - 48 * 3_600_000)}}, None),
        (True, {"failing": "No space left on device"}, ("telemetry not kept: No space left on device", True)),
        (False, {"failing": "No space left on device"}, None),
        (True, {"trouble": "cannot listen on port 1: taken"}, ("no telemetry: cannot listen on port 1: taken", True)),
        (True, {"refused": {"too large": EventTally(2, NOW_MS - 60_000)}}, ("telemetry refused: too large", False)),
        (True, {"refused": {"too large": EventTally(2, NOW_MS - 3_600_000)}}, None),
    ],
)
def test_what_somebody_should_know_of_telemetry(
    is_owned: bool, changes: dict[str, object], expected: tuple[str, bool] | None
) -> None:
    status = replace(ReceiverStatus(), **changes)  # type: ignore[arg-type]
    assert shortcoming(status, is_owned=is_owned, now_ms=NOW_MS) == expected
