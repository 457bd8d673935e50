from __future__ import annotations

import contextlib
import http.client
import socket
from pathlib import Path

import pytest

from claude_tui.model import Burn, Phase, Progress, Totals, UnloggedShare
from claude_tui.telemetry import status
from claude_tui.telemetry.status import ReceiverStatus, Shortcoming
from claude_tui.ui.main_screen.watches.telemetry_watch import TelemetryWatch
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.text.names import superscript
from claude_tui.ui.widgets.edges.header import short_line
from claude_tui.ui.widgets.edges.status import HeaderStatus
from claude_tui.ui.widgets.edges.tabs import tab_at, tabs
from tests.logs import ClaudeHome, assistant, usage
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled
from tests.ui.terminal import Terminal


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "ansi-dark", "ansi-light"])
@pytest.mark.parametrize("is_colourless", [False, True])
async def test_the_view_on_screen_stands_out_in_every_theme(
    theme: str, is_colourless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    async with running(theme=theme) as (app, pilot):
        await press(pilot, "3")
        (line,) = app.screen._compositor.render_strips()[:1]
        looks = {}
        for segment in line:
            for name in ("Projects", "Models"):
                if name in segment.text and segment.style is not None:
                    looks[name] = (segment.style.bgcolor, bool(segment.style.reverse))
        if is_colourless:
            looks = {name: (None, reverse) for name, (_, reverse) in looks.items()}
        assert looks["Projects"] != looks["Models"]


def test_only_numbers_of_the_others_where_there_is_little_room() -> None:
    text = "".join(part for part, _ in tabs("days", 60))
    assert "Days" in text
    assert sum(name.capitalize() in text for name in VIEWS) == 1


@pytest.mark.parametrize("active", VIEWS)
def test_no_two_tabs_touch_and_each_is_found_where_it_stands(active: str) -> None:
    for width in range(76, 130):
        parts = tabs(active, width)
        text = "".join(part for part, _ in parts)
        assert len(text) <= width - 20, "there is room for what goes on"
        for name in VIEWS:
            at = text.index(f"{superscript(VIEWS.index(name) + 1)}{name[:4].capitalize()}")
            assert text[at - 1 : at] in ("", " ") and tab_at(parts, at) == name
        assert not tab_at(parts, len(text))


async def test_turns_mark_the_view_they_were_reached_from() -> None:
    async with running(size=(76, 20)) as (app, pilot):
        await press(pilot, "4", "enter")
        assert app.main.navigation.here.view == "turns"
        (line,) = app.screen._compositor.render_strips()[:1]
        (marked,) = [one.text for one in line if "Sess" in one.text]
        (other,) = [one for one in line if "Models" in one.text]
        styles = {one.text: one.style for one in line}
        assert styles[marked] != other.style


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 40])
async def test_that_the_history_is_not_kept_comes_first_at_every_size(width: int, height: int) -> None:
    history, detail = "ledger not written: database or disk is full", "cache not saved: No space left"
    given = snapshot()
    given = replace(given, progress=given.progress._replace(history=history, detail=detail))
    async with running(FakeSource(given), size=(width, height)) as (_, pilot):
        (line, *_) = screen_text(pilot.app).split("\n")
        assert "ledger not written" in line
        assert "live" in line or "●" in line  # and the rest is not gone
        if width >= 160:
            assert "database or disk is full" in line
        if "cache" in line:
            assert line.index("history") < line.index("cache")


async def test_of_a_cache_that_is_not_saved_there_is_a_word_where_there_is_room() -> None:
    given = snapshot()
    given = replace(given, progress=given.progress._replace(detail="cache not saved: No space left on device"))
    async with running(FakeSource(given), size=(200, 40)) as (_, pilot):
        assert "cache not saved" in screen_text(pilot.app).split("\n")[0]


def test_the_real_program_says_that_its_history_cannot_be_read(own_home: Path, claude_home: ClaudeHome) -> None:
    (own_home / ".data" / "claude-top" / "ledger.db").mkdir(parents=True)
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000)))
    with Terminal(own_home, width=80, CLAUDE_CONFIG_DIR=str(claude_home.folder)) as terminal:
        terminal.wait_for(lambda text: "▲ ledger not" in text.split("\n")[0], "the trouble")
        assert terminal.leave() == 0


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [8, 12, 24, 40])
async def test_that_telemetry_is_lost_is_said_at_every_size(width: int, height: int) -> None:
    async with running(size=(width, height)) as (app, pilot):
        app.main.telemetry = Shortcoming("telemetry not kept: No space left on device", is_lost=True)
        app.main.draw_header()
        await pilot.pause()
        (line, *_) = screen_text(app).split("\n")
        assert "telemetry not kept" in line if width >= 40 else "telemetry" in line
        if width >= 200:
            assert "No space left on device" in line


async def test_a_refused_post_is_said_where_there_is_room_and_quiet_telemetry_is_not() -> None:
    async with running(size=(200, 40)) as (app, pilot):
        assert "telemetry" not in screen_text(app)
        app.main.telemetry = Shortcoming("telemetry refused: without the token", is_lost=False)
        app.main.draw_header()
        await pilot.pause()
        assert "telemetry refused: without the token" in screen_text(app).split("\n")[0]


@pytest.mark.parametrize(("cover", "said"), [((8, 6), "telemetry has 75.0% of today"), ((200, 199), ""), ((0, 0), "")])
def test_what_telemetry_missed_of_today_is_said_if_nothing_worse_is(
    cover: tuple[int, int], said: str, own_home: Path
) -> None:
    status.save(own_home, ReceiverStatus())
    found = TelemetryWatch(own_home).look(NOW_MS, lambda _: cover)
    assert (found.text if found is not None else "") == said
    failing = TelemetryWatch(own_home).look(NOW_MS, lambda _: cover, ReceiverStatus(failing="no room"))
    assert failing is not None and failing.text == "telemetry not kept: no room"


@pytest.mark.parametrize("size", [(60, 12), (80, 24), (120, 36)])
async def test_the_share_of_unlogged_calls_is_said_and_each_table_has_it(size: tuple[int, int]) -> None:
    given = snapshot()
    session, model, project = given.sessions[0], given.models[0], given.projects[0]
    nano = given.totals.cost_nano * 29 // 100
    models, projects, sessions = (
        {(row.source, row.key): row.totals.cost_nano // 4} for row in (model, project, session)
    )
    given = replace(given, totals=given.totals._replace(unpriced_responses=0, unpriced_tokens=0, lower_bound=0))
    given = replace(given, unlogged=UnloggedShare(nano, models, projects, sessions))
    async with running(FakeSource(given), size=size) as (app, pilot):
        assert "29.0% unlogged" in screen_text(app)
        for key in ("2", "3", "4"):
            await press(pilot, key)
            if size[0] >= 120:
                assert "Unlog" in screen_text(app)
                assert "25.0%" in screen_text(app)


async def test_where_everything_is_logged_nothing_is_said_of_unlogged_calls() -> None:
    async with running(size=(200, 40)) as (app, pilot):
        for key in ("1", "2", "3", "4"):
            await press(pilot, key)
            assert "nlog" not in screen_text(app)


def test_the_real_program_says_who_has_the_port_and_what_was_refused(own_home: Path, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        folder = own_home / ".config" / "claude-top"
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(f"[telemetry]\non = true\nport = {port}\n")
        with Terminal(own_home, width=200, CLAUDE_CONFIG_DIR=str(claude_home.folder)) as terminal:
            head = f"no telemetry: cannot listen on port {port}: another program has it"
            terminal.wait_for(lambda text: head in text.split("\n")[0], "who has the port")
            taken.close()
            terminal.wait_for(lambda text: "telemetry" not in text.split("\n")[0], "that it is received")
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
                client.request("POST", "/v1/logs", b"{}")
                assert client.getresponse().status == 401
            said = "telemetry refused: without the token"
            terminal.wait_for(lambda text: said in text.split("\n")[0], "that a post was refused")
            assert terminal.leave() == 0


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15), (40, 8)])
async def test_nothing_is_claimed_before_it_is_counted(size: tuple[int, int]) -> None:
    some = snapshot()
    given = replace(
        some,
        progress=Progress(Phase.SCANNING, 3, 900, 1, 10**9),
        today=Totals(),
        totals=Totals(),
        is_recent_known=False,
    )
    async with running(FakeSource(given), size=size) as (app, pilot):
        await settled(pilot)
        above = "\n".join(screen_text(app).split("\n")[: 1 if size[1] < 10 else 6])
        assert "counting" in above
        assert "$0.00" not in above and "exact" not in above


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15), (40, 8)])
@pytest.mark.parametrize(("phase", "said"), [(Phase.SCANNING, "counting"), (Phase.LIVE, "no logs yet")])
async def test_nothing_is_claimed_where_there_is_nothing(size: tuple[int, int], phase: Phase, said: str) -> None:
    given = replace(
        snapshot(), progress=Progress(phase), totals=Totals(), today=Totals(), newest_ms=0, days=(), sessions=(),
        burn=Burn(), tokens_per_minute=(0,) * 60, active_sessions=0, models=(), projects=(), problems={},
    )  # fmt: skip
    async with running(FakeSource(given), size=size) as (app, pilot):
        await settled(pilot)
        above = "\n".join(screen_text(app).split("\n")[: 1 if size[1] < 10 else 6])
        assert said in above
        assert not any(claim in above for claim in ("$0.00", "exact", "idle", "now 0", "0 active", "0 tok"))


def test_saved_sums_are_known_while_the_logs_are_looked_at_again() -> None:
    given = replace(snapshot(), progress=Progress(Phase.SCANNING))
    known = HeaderStatus("live", NOW_MS, "all time", given.totals, saved_ms=NOW_MS - 60_000)
    assert known.is_known(given) and not replace(known, saved_ms=0).is_known(given)


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24), (60, 15), (40, 8)])
@pytest.mark.parametrize("keys", [("2",), ("tab", *"2026-11-06..2026-11-08", "enter")])
async def test_the_days_that_are_shown_are_named_at_every_size(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    async with running(size=size, view="models", period="all") as (app, pilot):
        await press(pilot, "p", *keys)
        top = screen_text(app).split("\n")[0]
        assert any(
            said in top for said in (("7 days",) if keys == ("2",) else ("6 Nov-8 Nov", "2026-11-06..2026-11-08"))
        )


@pytest.mark.parametrize(
    ("phase", "said"),
    [(Phase.MERGED, "today $0.00"), (Phase.LIVE, "today no logs yet"), (Phase.POLLING, "today no logs")],
)
def test_a_table_without_a_response_in_its_days_is_not_a_place_without_logs(phase: Phase, said: str) -> None:
    """A merged table that has nothing in its last 30 days knows that nothing was spent."""
    nothing = replace(
        snapshot(), totals=Totals(), today=Totals(), newest_ms=0, days=(), active_sessions=0, progress=Progress(phase)
    )
    status = HeaderStatus("projects", NOW_MS, "30 days", Totals())
    assert said in short_line(nothing, status, 80, alone=False).plain
    assert status.is_known(nothing) == (phase is Phase.MERGED)
