from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.color import Color

from claude_tui import figures
from claude_tui.clients import CLIENTS
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.periods.named import add
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, PriceStatus, Query, Snapshot, Totals
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.settings.file import Settings
from claude_tui.ui.text import clients
from claude_tui.ui.text.drawings.stacks import SERIES
from tests.captured import one_set, responses_in
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, FakeSource, snapshot
from tests.ui.helpers import press, running, screen_text, settled, wait_until

TABLES = ("live", "models", "projects", "sessions")


def mixed(query: Query, now_ms: int) -> Snapshot:
    """Rows of three clients in turn; those of one where only it is asked for."""
    present = ("claude", "opencode", "codex")
    made = snapshot(query=query, now_ms=now_ms)

    def spread(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        of = [row._replace(source=present[number % 3]) for number, row in enumerate(rows)]
        return tuple(row for row in of if query.source in ("", row.source))

    models = spread(made.models)
    return replace(
        made, models=models, projects=spread(made.projects), sessions=spread(made.sessions), sources=present,
        totals=add(row.totals for row in models),
    )  # fmt: skip


def only_claude(query: Query, now_ms: int) -> Snapshot:
    return replace(snapshot(query=query, now_ms=now_ms), sources=("claude",))


def number(view: str) -> str:
    return str(VIEWS.index(view) + 1)


@pytest.mark.parametrize("view", TABLES)
async def test_several_clients_have_a_column_with_glyph_and_name(view: str) -> None:
    async with running(FakeSource(mixed), size=(160, 40)) as (app, pilot):
        await press(pilot, number(view))
        text = screen_text(app)
        assert "Client" in text
        for name in ("claude", "opencode", "codex"):
            assert " ".join((clients.GLYPHS[name], name)) in text
        assert "✦" not in text, "a client without logs is not shown"


async def test_the_plan_tells_models_of_one_name_apart_by_their_clients() -> None:
    async with running(FakeSource(mixed), size=(160, 40)) as (app, pilot):
        await press(pilot, "8")
        text = screen_text(app)
        assert "Client" in text
        rows = [line for line in text.split("\n") if "│ model" in line]
        assert rows and all(any(name in row for name in ("claude", "opencode", "codex")) for row in rows)
        assert not any(clients.GLYPHS[name] in line for name in CLIENTS for line in text.split("\n") if "│ all" in line)


async def test_every_view_says_the_same_of_what_clients_cost() -> None:
    async with running(FakeSource(mixed), size=(160, 40)) as (app, pilot):
        said = set()
        for view in VIEWS:
            await press(pilot, number(view))
            line = next(line for line in screen_text(app).split("\n") if "✻" in line and "active" in line)
            said.add(line[line.index("✻") :])
        assert len(said) == 1


async def test_where_there_is_little_room_the_glyph_alone_stays() -> None:
    async with running(FakeSource(mixed), size=(60, 20)) as (app, pilot):
        await press(pilot, "2")
        text = screen_text(app)
        assert "◈" in text
        assert "◈ codex" not in text


async def test_turns_say_their_client() -> None:
    async with running(FakeSource(mixed), size=(160, 40)) as (app, pilot):
        await press(pilot, "4", "enter")
        assert app.main.navigation.here.view == "turns"
        assert "✻ claude" in screen_text(app)


@pytest.mark.parametrize("view", [name for name in VIEWS if name != "causes"])  # there the key chooses sub-agents
async def test_with_claude_code_alone_nothing_tells_of_clients_and_the_key_does_nothing(view: str) -> None:
    source = FakeSource(only_claude)
    async with running(source, size=(160, 40)) as (app, pilot):
        await press(pilot, number(view))
        before = screen_text(app)
        assert "Client" not in before
        assert not any(glyph in before for glyph in clients.GLYPHS.values())
        await press(pilot, "a")
        assert screen_text(app) == before
        assert {query.source for query in source.queries} == {""}


async def test_the_key_goes_through_the_clients_and_back_to_all() -> None:
    source = FakeSource(mixed)
    async with running(source, size=(160, 40)) as (app, pilot):
        await press(pilot, "2")
        for name in ("claude", "opencode", "codex", ""):
            await press(pilot, "a")
            assert app.main.snapshot is not None
            assert app.main.snapshot.query.source == name
            assert {row.source for row in app.main.snapshot.models} == (
                {name} if name else {"claude", "opencode", "codex"}
            )
            top = screen_text(app).split("\n")[0]
            assert (" ".join((clients.GLYPHS[name], name)) in top) if name else ("✻" not in top)


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24), (60, 15), (40, 8)])
async def test_that_one_client_is_shown_alone_is_seen_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeSource(mixed), size=size) as (_, pilot):
        await press(pilot, "2")
        assert "✻" not in screen_text(pilot.app).split("\n")[0]
        await press(pilot, "a")
        assert "✻" in screen_text(pilot.app).split("\n")[0]


@pytest.mark.parametrize("view", [name for name in VIEWS if name != "blocks"])
async def test_the_client_is_asked_for_in_every_view(view: str) -> None:
    source = FakeSource(mixed)
    async with running(source) as (app, pilot):
        await press(pilot, "a", number(view))
        assert source.queries[-1].source == "claude"
        assert app.main.navigation.client == "claude"


async def test_another_client_leaves_the_rows_that_were_opened() -> None:
    async with running(FakeSource(mixed)) as (app, pilot):
        await press(pilot, "2", "enter")
        assert app.main.navigation.here.scope.source == "claude"
        await press(pilot, "a", "a")
        assert [place.view for place in app.main.navigation.stops] == ["models"]
        assert app.main.snapshot is not None
        assert app.main.snapshot.query.source == "opencode"


async def test_each_client_has_its_cost_in_the_header_and_its_tokens_in_models() -> None:
    async with running(FakeSource(mixed), size=(160, 40)) as (app, pilot):
        await press(pilot, "2")
        assert app.main.snapshot is not None
        parts = clients.totals(app.main.snapshot.models)
        assert add(parts.values()) == app.main.snapshot.totals
        lines = screen_text(app).split("\n")
        header, foot = "\n".join(lines[:7]), "\n".join(lines[-15:])
        for name in ("claude", "opencode", "codex"):
            assert f"{clients.GLYPHS[name]}{figures.cost(parts[name], 6).strip()}" in header
            assert f"{clients.GLYPHS[name]} {name} " in foot
        assert foot.count(" tok") >= 3


async def test_where_names_do_not_fit_models_says_what_each_client_used_by_its_glyph() -> None:
    async with running(FakeSource(mixed), size=(90, 36), view="models") as (app, _):
        (foot,) = [line for line in screen_text(app).split("\n") if line.startswith("╰") and "cost ▼" in line]
        assert foot.count(" tok") == 3
        assert "◈ $" in foot


def test_where_not_all_costs_fit_the_least_is_left_out_and_that_is_said() -> None:
    used = {name: Totals(cost_nano=nano * 10**9) for name, nano in (("claude", 20), ("gemini", 10), ("codex", 30))}
    text = "".join(part for part, _ in clients.cost_parts(used, 19))
    assert text == "✻$20.00 ◈$30.00 …"


async def test_clients_are_letters_in_plain_characters() -> None:
    async with running(FakeSource(mixed), size=(160, 40), ascii=True) as (app, pilot):
        await press(pilot, "2")
        lines = [app.screen._compositor.render_strips()[y] for y in range(40)]
        drawn = "\n".join(
            "".join(segment.text for segment in app._filters[-1].apply(list(line), app.screen.background_colors[1]))
            for line in lines
        )
        for text in ("c claude", "o opencode", "x codex"):
            assert text in drawn
        assert not any(glyph in drawn for glyph in clients.GLYPHS.values())


@pytest.mark.parametrize("theme", ["claude-dark", "claude-light", "colour-blind", "nord"])
async def test_every_theme_gives_clients_the_colours_it_keeps_apart(theme: str) -> None:
    async with running(FakeSource(mixed), theme=theme) as (app, pilot):
        await press(pilot, "2")
        table = app.main.view.table
        assert table is not None
        colours = {table.get_component_rich_style(f"line-table--client-{name}").color for name in CLIENTS}
        assert len(colours) == min(len(CLIENTS), SERIES)
        own = table.get_component_styles("line-table--client-claude").color
        assert own == Color.parse(app.theme_variables["series-1"])


async def test_the_column_comes_and_goes_with_the_clients() -> None:
    source = FakeSource(only_claude)
    async with running(source, size=(160, 40)) as (app, pilot):
        await press(pilot, "2")
        assert "Client" not in screen_text(app)
        source.change(mixed(Query(), NOW_MS))
        await wait_until(pilot, lambda: "Client" in screen_text(app))


@contextmanager
def homes(folder: Path) -> Iterator[tuple[Path, SourceConfig]]:
    """A home with the logs of every client in it."""
    home = folder / "home"
    for name, client in CLIENTS.items():
        shutil.copytree(one_set(name), home / (client.root or f".{name}"))
    yield home, SourceConfig(home=home, env={})


@pytest.mark.every_client
async def test_a_home_of_all_clients_from_its_logs_to_the_screen(tmp_path: Path) -> None:
    with homes(tmp_path) as (home, config):
        monitor = Monitor(Setup(config, load_pricer(), ZoneInfo("UTC")))
        app = ClaudeTop(monitor, Settings(view="models"))
        async with app.run_test(size=(180, 50)) as pilot:

            def is_counted() -> bool:
                shown = app.main.snapshot
                return shown is not None and shown.progress.phase in (Phase.LIVE, Phase.POLLING)

            await wait_until(pilot, is_counted)
            await settled(pilot)
            everything = app.main.snapshot
            assert everything is not None
            assert everything.sources == tuple(CLIENTS)
            assert everything.totals.responses == sum(responses_in(one_set(name)) for name in CLIENTS)
            text = screen_text(app)
            assert all(f"{glyph} {name}" in text for name, glyph in clients.GLYPHS.items())
            alone: dict[str, Totals] = {}
            for name in CLIENTS:
                await press(pilot, "a")
                assert app.main.snapshot is not None
                assert app.main.snapshot.query.source == name
                assert app.main.snapshot.sources == tuple(CLIENTS)
                alone[name] = app.main.snapshot.totals
            assert alone == clients.totals(everything.models)
            assert add(alone.values()) == everything.totals
            assert {turn.price.status for turn in monitor.responses(Query(source="opencode"))} >= {PriceStatus.REPORTED}
        of_claude = SourceConfig(home=home, env={}, sources=("claude",))
        other = ClaudeTop(Monitor(Setup(of_claude, load_pricer(), ZoneInfo("UTC"))), Settings(view="models"))
        async with other.run_test(size=(180, 50)) as pilot:
            await wait_until(
                pilot, lambda: other.main.snapshot is not None and other.main.snapshot.totals == alone["claude"]
            )
            assert "Client" not in screen_text(other)


async def test_blocks_say_whose_they_are_where_there_are_several_clients() -> None:
    async with running(FakeSource(mixed), size=(120, 36)) as (app, pilot):
        await press(pilot, number("blocks"))
        assert "5 hours of Claude Code alone" in screen_text(app)
    async with running(FakeSource(only_claude), size=(120, 36)) as (app, pilot):
        await press(pilot, number("blocks"))
        assert "5 hours" in screen_text(app)
        assert "alone" not in screen_text(app)


@pytest.mark.parametrize(("key", "what"), [("a", "client"), ("A", "account")])
@pytest.mark.parametrize("is_any", [True, False])
async def test_where_there_is_nothing_to_choose_among_it_says_why(key: str, what: str, is_any: bool) -> None:
    present = {"sources": ("claude",), "accounts": ("/home/a/.claude",)} if is_any else {"sources": (), "accounts": ()}
    source = FakeSource(lambda query, now_ms: replace(snapshot(query=query, now_ms=now_ms), **present))
    async with running(source) as (app, pilot):
        await press(pilot, key)
        said = f"there is only one {what} here" if is_any else f"there is no {what} here yet"
        await wait_until(pilot, lambda: said in [one.message for one in app._notifications])
