from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from rich.segment import Segment
from textual import events
from textual.color import Color
from textual.strip import Strip
from textual.widgets import Input, Static

from claude_tui.model import Phase, Progress, Query, Snapshot, Totals
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.dialogs.explain_screen import ExplainScreen
from claude_tui.ui.dialogs.help_screen import ROWS
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.settings.keys import APP_BINDINGS, BY_ID, SCREEN_BINDINGS, SECTIONS
from claude_tui.ui.views.days import DaysView
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, TODAY, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, wait_until


def asked(since: date | None = None, until: date | None = None, **narrowed: Any) -> Query:
    """What a view asks for."""
    return Query(since, until, **narrowed)


SIZES = ((160, 50), (120, 36), (80, 24), (60, 15), (40, 8), (20, 3))
HOSTILE = ("[/x]", "[red] notes", "[@click=app.quit]x[/]", "\ufffd[31mred", "الف", "$primary", "{0}%s", "\\[/]")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", SIZES)
async def test_every_view_has_something_to_say_at_every_size(view: str, size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await press(pilot, str(VIEWS.index(view) + 1))
        text = screen_text(app)
        lines = text.split("\n")
        assert len(lines) == size[1]
        assert app.main.navigation.here.view == view
        assert "$12.34" in text, "today's cost is on screen at every size"
        expected = {
            "live": "infra",
            "models": "opus",
            "projects": "webshop",
            "sessions": "Fix",
            "days": "‹",
            "blocks": "opus",
            "causes": "Bash",
            "plan": "opus",
        }[view]
        assert expected in text or (view in ("days", "blocks") and size[0] < 40)
        assert not app.main.failures


async def test_resizing_back_and_forth_ends_where_it_began() -> None:
    async with running() as (app, pilot):
        before = screen_text(app)
        for size in (*SIZES, (1, 1), (200, 60), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await settled(pilot)
        assert screen_text(app) == before


async def test_digits_and_tab_change_the_view() -> None:
    async with running() as (app, pilot):
        for number, name in enumerate(VIEWS, 1):
            await press(pilot, str(number))
            assert app.main.navigation.here.view == name
        await press(pilot, "tab")
        assert app.main.navigation.here.view == "live"
        await press(pilot, "shift+tab")
        assert app.main.navigation.here.view == VIEWS[-1]


async def test_enter_drills_and_escape_comes_back() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await press(pilot, "2", "enter")
        assert app.main.navigation.here.view == "projects"
        assert source.queries[-1].model == "claude-opus-4-5-20251101"
        assert "models › claude-opus-4-5" in screen_text(app) or "› claude-opus-4-5" in screen_text(app)
        await press(pilot, "enter")
        assert app.main.navigation.here.view == "sessions"
        assert source.queries[-1] == asked(
            model="claude-opus-4-5-20251101", project="/home/me/webshop", source="claude"
        )
        await press(pilot, "escape")
        assert app.main.navigation.here.view == "projects"
        await press(pilot, "backspace")
        assert (app.main.navigation.here.view, source.queries[-1]) == ("models", asked())
        await press(pilot, "escape")
        assert app.is_running
        await press(pilot, "3", "enter")
        assert (app.main.navigation.here.view, source.queries[-1]) == (
            "sessions",
            asked(project="/home/me/webshop", source="claude"),
        )


async def test_a_session_opens_its_turns() -> None:
    async with running() as (app, pilot):
        await press(pilot, "4", "enter")
        assert app.main.navigation.here.view == "turns"
        text = screen_text(app)
        assert "responses › Fix flaky" in text
        assert "$0.07" in text
        assert "y.jsonl:7" in text
        title = str(app.main.query_one("#meter-period").border_title)
        assert "Fix flaky checkout test" in title and "all time" not in title, "the sums above are its own"
        await press(pilot, "tab")
        assert app.main.navigation.here.view == "days"


async def test_a_day_opens_its_sessions() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await press(pilot, "5", "k", "enter")
        yesterday = TODAY - timedelta(days=1)
        assert app.main.navigation.here.view == "sessions"
        assert source.queries[-1] == asked(since=yesterday, until=yesterday)


async def test_walking_the_heatmap_shows_the_day() -> None:
    async with running() as (app, pilot):
        await press(pilot, "5", "left", "k")
        day = TODAY - timedelta(days=8)
        assert f"{day.day} Nov 2026" in screen_text(app)
        await press(pilot, "G")
        assert f"Fri {TODAY.day} Nov 2026" in screen_text(app)
        assert "opus-4-5" in screen_text(app)


async def test_the_period_applies_to_every_view_and_is_shown() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await pilot.press("p")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("2")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        await settled(pilot)
        assert source.queries[-1] == asked(since=TODAY - timedelta(days=6), until=TODAY)
        for number in "123456":
            await press(pilot, number)
            assert "7 days" in screen_text(app)


async def test_a_custom_range_of_days() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await pilot.press("p")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("tab", *"nonsense", "enter")
        await pilot.pause()
        assert "write days as" in screen_text(app)
        await pilot.press(*["backspace"] * 8, *"2026-11-01..2026-11-05", "enter")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        await settled(pilot)
        assert source.queries[-1] == asked(since=TODAY.replace(day=1), until=TODAY.replace(day=5))


async def test_the_filter_works_as_it_is_typed_and_escape_drops_it() -> None:
    async with running() as (app, pilot):
        await press(pilot, "3", "slash", *"shop")
        assert app.main.view.table is not None
        assert [row.name for row in app.main.view.table.rows] == ["webshop"]
        await press(pilot, "enter")
        assert "/shop" in screen_text(app)
        await press(pilot, "escape")
        assert len(app.main.view.table.rows) == 8
        await press(pilot, "slash", "!", *"shop", "enter", "g")
        assert len(app.main.view.table.rows) == 7
        await press(pilot, "n")
        assert app.main.view.table.cursor_index == 1
        await press(pilot, "N", "N")
        assert app.main.view.table.cursor_index == 6


@pytest.mark.parametrize("keys", ["1", "2", "6", ("4", "enter")])
async def test_what_nothing_matches_is_said_as_it_is_typed(keys: str | tuple[str, ...]) -> None:
    async with running() as (app, pilot):
        await press(pilot, *keys)
        await press(pilot, "slash", "q", "q")
        assert "nothing matches qq " in screen_text(app)
        await press(pilot, "x")
        assert "nothing matches qqx " in screen_text(app)


async def test_digits_typed_into_the_filter_do_not_change_the_view() -> None:
    async with running() as (app, pilot):
        await press(pilot, "4", "slash", *"18")
        assert app.main.navigation.here.view == "sessions"
        assert all("18" in row.name or "18" in row.branch for row in app.main.view.table.rows)  # type: ignore[union-attr]


async def test_pause_freezes_the_display_and_says_so() -> None:
    moment = [NOW_MS]
    source = FakeSource()
    async with running(source, clock=lambda: moment[0]) as (app, pilot):
        await press(pilot, "space")
        assert "PAUSED" in screen_text(app)
        before = screen_text(app)
        moment[0] += 60_000
        source.change(replace(snapshot(), today=snapshot().today._replace(cost_nano=99_990_000_000)))
        await settled(pilot)
        assert screen_text(app) == before
        await press(pilot, "2")
        assert "PAUSED" in screen_text(app)
        assert "$12.34" in screen_text(app)
        await press(pilot, "1", "space")
        assert "PAUSED" not in screen_text(app)
        assert "$99.99" in screen_text(app)


async def test_news_from_another_thread_reaches_the_screen() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        source.change(replace(snapshot(), today=snapshot().today._replace(cost_nano=77_770_000_000)))
        await wait_until(pilot, lambda: "$77.77" in screen_text(app))


async def test_many_news_are_one_refresh() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        taken = app.main.refresher.taken
        for _ in range(500):
            source.callbacks[0]()
        await wait_until(pilot, lambda: app.main.refresher.taken > taken)
        await pilot.pause(0.05)
        assert app.main.refresher.taken - taken <= 2


async def test_only_the_view_on_screen_is_drawn_and_none_under_a_dialog() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        assert list(app.main.stage.views.made) == ["live"]
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        live = app.main.stage.views["live"].draws
        source.change(snapshot(seed=3))
        await pilot.pause(0.1)
        assert app.main.stage.views["live"].draws == live
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.main.stage.views["live"].draws > live)


async def test_a_refresh_without_change_draws_no_cell() -> None:
    fixed = snapshot()
    async with running(FakeSource(fixed)) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        before = table.changed_cells
        await settled(pilot)
        await settled(pilot)
        assert table.changed_cells == before
        row = fixed.sessions[3]
        # So little that no other row is among the dearest now, which have another colour.
        changed = row._replace(totals=row.totals._replace(cost_nano=row.totals.cost_nano + 50_000_000))
        app.source.change(replace(fixed, sessions=(*fixed.sessions[:3], changed, *fixed.sessions[4:])))  # type: ignore[attr-defined]
        await settled(pilot)
        assert table.changed_cells == before + 1


async def test_the_selection_follows_its_session() -> None:
    fixed = snapshot()
    source = FakeSource(fixed)
    async with running(source) as (app, pilot):
        table = app.main.view.table
        assert table is not None
        await press(pilot, "j", "j")
        chosen = table.cursor_key
        source.change(replace(fixed, sessions=fixed.sessions[::-1][:20] + fixed.sessions[:4]))
        await settled(pilot)
        assert table.cursor_key == chosen
        await press(pilot, "s", "s", "o")
        assert table.cursor_key == chosen


async def test_numbers_that_are_not_exact_say_so() -> None:
    async with running() as (app, pilot):
        text = screen_text(app)
        assert "≥ $" in text
        assert "41 unpriced" in text
        assert "12 ≥" in text
        assert "not your bill" in text
        await press(pilot, "2")
        assert "n/a" in screen_text(app)
        assert text.count("not your bill") == 1


def _hostile(given: Snapshot, name: str) -> Snapshot:
    return replace(
        given,
        models=tuple(row._replace(name=name) for row in given.models),
        projects=tuple(row._replace(name=name) for row in given.projects),
        sessions=tuple(
            row._replace(name=name, project_name=name, branch=name, models=(name,)) for row in given.sessions
        ),
        roots=(name,),
        prices=name,
        timezone="UTC",
    )


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_from_the_logs_are_text_in_every_view(name: str) -> None:
    async with running(FakeSource(_hostile(snapshot(), name))) as (app, pilot):
        for number in "123456":
            await press(pilot, number)
            assert name[:10] in screen_text(app) or number == "6"
            assert not app.main.failures
        await press(pilot, "2", "enter", "enter")
        assert screen_text(app).split("\n")[6].count(name) == 2, "in the breadcrumb"


async def test_nothing_found_says_where_it_looked() -> None:
    nothing = Snapshot(
        1,
        NOW_MS,
        "UTC",
        Query(),
        snapshot().totals.__class__(),
        roots=("/home/me/.claude",),
        progress=Progress(Phase.LIVE),
    )
    source = FakeSource(nothing)
    async with running(source) as (app, pilot):
        text = screen_text(app)
        assert "/home/me/.claude" in text
        assert "--demo" in text
        source.change(snapshot())
        await wait_until(pilot, lambda: "Fix flaky" in screen_text(app))


async def test_the_keys_are_the_views_when_the_first_numbers_arrive() -> None:
    nothing = Snapshot(1, NOW_MS, "UTC", Query(), Totals())
    source = FakeSource(replace(nothing, progress=Progress(Phase.SCANNING)))
    async with running(source) as (app, pilot):
        await wait_until(pilot, lambda: "Reading the logs" in screen_text(app))
        source.change(snapshot())
        await settled(pilot)
        table = app.main.view.table
        assert table is not None and table.has_focus
        before = table.cursor_index
        await press(pilot, "j")
        assert table.cursor_index == (before or 0) + 1


async def test_scanning_shows_how_far_it_is() -> None:
    given = replace(snapshot(), progress=Progress(Phase.SCANNING, 1204, 2354, 312_000_000, 828_000_000, 3.0))
    async with running(FakeSource(given), size=(160, 50)) as (app, _):
        text = screen_text(app)
        for part in ("scanning", "38%", "1,204/2,354 files", "312 MB of 828 MB", "3s left"):
            assert part in text


async def test_a_failing_source_is_said_and_the_app_stays() -> None:
    class Failing(FakeSource):
        async def run(self) -> None:
            raise RuntimeError("no disk")

    async with running(Failing()) as (app, pilot):
        await wait_until(pilot, lambda: "count failed" in screen_text(app))
        assert "Fix flaky" in screen_text(app)


async def test_refresh_interval_and_refresh() -> None:
    source = FakeSource()
    async with running(source) as (app, pilot):
        await press(pilot, "r")
        assert source.refreshed == 1
        await press(pilot, "plus", "plus")
        assert app.main.refresher.interval_s == 1.0
        await press(pilot, "minus")
        assert app.main.refresher.interval_s == 0.5


async def test_the_help_is_made_of_the_bindings() -> None:
    async with running(size=(160, 50)) as (app, pilot):
        await pilot.press("f1")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.pause()
        text = screen_text(app)
        for binding in (*SCREEN_BINDINGS[:5], *APP_BINDINGS[:2]):
            assert binding.tooltip in text
        assert "Select the row below" in text


def test_every_binding_has_an_id_and_a_sentence() -> None:
    bindings = [binding for section in SECTIONS.values() for binding in section]
    assert all(binding.id and binding.tooltip and binding.description for binding in bindings)
    assert len(BY_ID) == len(bindings)


async def test_the_palette_offers_what_the_keys_do() -> None:
    async with running() as (app, _):
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert "Period  (p)" in names
        assert "Theme: claude-light" in names


@pytest.mark.parametrize("view", [name for name in VIEWS if name != "days"])
async def test_a_command_of_the_palette_does_what_its_key_does_in_every_view(view: str) -> None:
    async with running() as (app, pilot):
        await press(pilot, str(VIEWS.index(view) + 1))
        commands = {command.title: command.callback for command in app.get_system_commands(app.screen)}
        app.call_later(commands["Copy  (y)"])
        await wait_until(pilot, lambda: bool(app.clipboard))
        app.call_later(commands["Explain  (i)"])
        await wait_until(pilot, lambda: isinstance(app.screen, ExplainScreen))
        await press(pilot, "escape")
        app.call_later(commands["Pause  (Space)"])
        app.call_later(commands["Theme  (T)"])
        await wait_until(pilot, lambda: app.main.paused_ms is not None and app.theme != "claude-dark")


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "ansi-dark", "ansi-light", "nord"])
async def test_every_theme_draws_and_levels_differ(theme: str) -> None:
    async with running(theme=theme) as (app, pilot):
        await press(pilot, "5")
        view = app.main.view
        assert isinstance(view, DaysView)
        styles = {view.heatmap.get_component_rich_style(f"heatmap--level-{level}").color for level in range(1, 5)}
        assert len(styles) == 4
        assert app.theme == theme


async def test_an_unknown_theme_is_said_and_replaced() -> None:
    async with running(theme="no-such-theme") as (app, _):
        assert app.theme == "claude-dark"


@pytest.mark.parametrize("theme", ["claude-dark", "ansi-dark", "claude-light"])
async def test_no_color_has_no_colours_in_any_theme(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(theme=theme) as (app, pilot):
        for number in "125":
            await press(pilot, number)
            colours = {
                color.name
                for strip in app.screen._compositor.render_strips()
                for segment in _filtered(app, strip)
                if segment.style
                for color in (segment.style.color, segment.style.bgcolor)
                if color is not None
            }
            assert colours <= {"default"}


def _filtered(app: ClaudeTop, strip: Strip) -> list[Segment]:
    segments = list(strip)
    for line_filter in app._filters:
        if line_filter.enabled:
            segments = line_filter.apply(segments, Color(0, 0, 0))
    return segments


async def test_ascii_draws_with_plain_characters_only() -> None:
    async with running(ascii=True) as (app, pilot):
        for number in "123456":
            await press(pilot, number)
            strips = app.screen._compositor.render_strips()
            text = "\n".join("".join(segment.text for segment in _filtered(app, strip)) for strip in strips)
            assert text.isascii(), {character for character in text if not character.isascii()}


@pytest.mark.parametrize(
    "keys", [("question_mark",), ("p",), ("C",), ("comma",), ("i",), ("colon",), ("T",), ("slash",)]
)
async def test_ascii_draws_every_overlay_with_plain_characters_only(keys: tuple[str, ...]) -> None:
    async with running(ascii=True) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        text = "\n".join("".join(segment.text for segment in _filtered(app, strip)) for strip in strips)
        assert text.isascii(), {character for character in text if not character.isascii()}


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (60, 15), (40, 8)])
async def test_the_help_says_every_sentence_to_its_end(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        seen: set[str] = set()
        for _ in range(2):
            for _ in range(200):
                await pilot.pause()
                seen |= set(re.findall(r"[\w;]+", screen_text(app)))
                before = app.screen.query_one("#help").scroll_y
                await pilot.press("j")
                await pilot.pause()
                if app.screen.query_one("#help").scroll_y == before:
                    break
            await pilot.press("question_mark")
            for _ in range(5):
                await pilot.pause(0.05)
        words = {word for rows in ROWS.values() for row in rows for word in re.findall(r"[\w;]+", row.meaning)}
        assert words <= seen, words - seen
        assert len(app.screen_stack) == 1, "the third ? closes it"


async def test_a_dialog_leaves_the_screen_below_it_to_be_seen_in_every_theme() -> None:
    for theme in ("claude-dark", "ansi-dark", "ansi-light"):
        async with running(theme=theme) as (app, pilot):
            await pilot.press("p")
            await wait_until(pilot, lambda: "period" in screen_text(app) and "Branch" in screen_text(app))


@pytest.mark.parametrize("key", ["p", "C", "comma", "question_mark", "i"])
@pytest.mark.parametrize("size", [(60, 15), (40, 8), (30, 6)])
async def test_overlays_are_whole_on_small_screens(key: str, size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await pilot.press(key)
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.pause()
        text = screen_text(app)
        assert text.count("╭") == text.count("╮") >= 1
        assert text.count("╰") == text.count("╯") >= 1


async def test_the_selected_column_is_in_view_on_a_low_screen() -> None:
    async with running(size=(60, 8), view="models") as (app, pilot):
        await pilot.press("C")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("end")
        await wait_until(pilot, lambda: "30 days" in screen_text(app))


@pytest.mark.parametrize("key", ["slash", "C"])
async def test_what_is_not_in_a_view_is_said(key: str) -> None:
    async with running(view="days") as (app, pilot):
        await pilot.press(key)
        await wait_until(pilot, lambda: any("not in this view" in one.message for one in app._notifications))


async def test_keys_of_the_chart_are_offered_only_with_it() -> None:
    async with running(view="days") as (app, pilot):
        assert "chart" in screen_text(app).split("\n")[-1]
        await pilot.resize_terminal(70, 15)
        await wait_until(pilot, lambda: "chart" not in screen_text(app).split("\n")[-1])


@pytest.mark.parametrize("key", ["question_mark", "p", "i", "comma", "C"])
async def test_another_size_while_an_overlay_is_open(key: str) -> None:
    async with running() as (app, pilot):
        await pilot.press(key)
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        for size in ((60, 15), (40, 8), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("escape")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        await settled(pilot)
        over_it = screen_text(app)
    async with running(size=(100, 30)) as (app, _):
        assert screen_text(app) == over_it


async def test_escape_never_quits_and_q_does() -> None:
    async with running() as (app, pilot):
        await pilot.press("escape", "escape", "escape")
        await pilot.pause()
        assert app.is_running
        await pilot.press("q")
        await wait_until(pilot, lambda: not app._running or app._exit)


async def test_a_click_on_what_is_just_taken_away_ends_nothing() -> None:
    async with running() as (app, pilot):
        part = Static("a note that goes")
        await app.main.mount(part)
        await pilot.pause()
        x, y = part.region.offset
        assert app.screen.get_widget_at(x, y)[0] is part
        holder, part._parent = part._parent, None  # as while it is removed
        for kind in (events.MouseDown, events.MouseMove, events.MouseUp):
            await app.on_event(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))
        part._parent = holder


async def test_a_key_that_chooses_among_clients_says_that_there_is_one() -> None:
    async with running(FakeSource()) as (app, pilot):
        for key, what in (("a", "client"), ("A", "account")):
            await press(pilot, key)
            await wait_until(pilot, lambda: bool(app._notifications))
            assert f"{what} here" in [*app._notifications][-1].message
            app.clear_notifications()


@pytest.mark.parametrize("opened", [("slash",), ("p", "tab")], ids=["filter", "period"])
async def test_a_line_that_hears_late_of_its_focus_loses_no_key(opened: Sequence[str]) -> None:
    async with running(FakeSource(), view="sessions") as (app, pilot):
        await press(pilot, *opened, "2")
        line = app.screen.focused
        assert isinstance(line, Input) and line.value == "2"
        line.post_message(events.Focus())
        await press(pilot, "0")
        assert line.value == "20"


async def test_a_filter_opened_again_is_replaced_by_what_is_typed() -> None:
    async with running(FakeSource(), view="sessions") as (app, pilot):
        await press(pilot, "slash", *"web", "enter", "slash", *"api")
        line = app.screen.focused
        assert isinstance(line, Input) and line.value == "api"
