from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.cli.commands.watching import top
from claude_tui.engine.queries.allowances.budgets import Budget
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings import declared
from claude_tui.ui.settings.declared import VIEWS
from claude_tui.ui.settings.file import Settings, load, save, with_value
from tests.ui.fakes import NOW_MS, FakeSource
from tests.ui.helpers import press, running, screen_text, settled, wait_until

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == (Settings(), [])


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[screen]\ntheme = "nord"\ninterval_s = 2\ntree = true\n[keys]\nrow-up = "w"\n'
        '[columns]\nlive = ["branch"]\n[budgets]\nday = 20\n[budgets.projects]\nwebshop = 100.5\n'
    )
    settings, wrong = load(path)
    assert wrong == []
    assert (settings.theme, settings.interval_s, settings.tree) == ("nord", 2.0, True)
    assert settings.keys == {"row-up": "w"}
    assert settings.columns == {"live": ("branch",)}
    assert [(one.name, one.limit_nano) for one in settings.budgets] == [
        ("day", 20_000_000_000),
        ("month webshop", 100_500_000_000),
    ]


@pytest.mark.parametrize("text", ["not toml [", "\x00", "[screen\n"])
def test_a_senseless_file_gives_defaults_and_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    settings, wrong = load(path)
    assert settings == Settings()
    assert len(wrong) == 1
    with pytest.raises(ValueError, match="was not changed"):
        save(path, "screen", "theme", "nord")
    assert path.read_text() == text


def test_wrong_values_are_told_and_the_rest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[screen]\ntheme = 3\nview = "days"\ninterval_s = -1\nnonsense = 1\n[budgets]\nday = "much"\n')
    settings, wrong = load(path)
    assert settings.view == "days"
    assert settings.theme == Settings().theme
    assert len(wrong) == 4


def test_a_change_leaves_everything_else_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    save(path, "screen", "theme", "nord")
    path.write_text('# mine\n[screen]\ntheme = "nord"  # the best\nview = "days"\n\n[keys]\ntheme = "x"\n')
    save(path, "screen", "theme", "claude-light")
    save(path, "screen", "tree", True)
    assert path.read_text() == (
        '# mine\n[screen]\ntheme = "claude-light"  # the best\nview = "days"\ntree = true\n\n[keys]\ntheme = "x"\n'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(st.text(), st.sampled_from(["screen", "columns"]))
def test_any_text_survives_being_written(value: str, section: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    text = with_value(with_value("", "other", "x", 1), section, "name", value)
    assert tomllib.loads(text) == {"other": {"x": 1}, section: {"name": value}}
    assert tomllib.loads(with_value(text, "other", "y", (value, "b"))) == {
        "other": {"x": 1, "y": [value, "b"]}, section: {"name": value},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('screen.theme = "nord"  # dotted\n', 'screen.theme = "dracula"  # dotted\n'),
        (
            'screen = { theme = "nord", tree = true } # inline\n',
            'screen = { theme = "dracula", tree = true } # inline\n',
        ),
        ("[ screen ]\n  'theme' = 'nord'\n", "[ screen ]\n  'theme' = \"dracula\"\n"),
        ('[screen]\r\ntheme = "nord"\r\n[keys]\r\n', '[screen]\r\ntheme = "dracula"\r\n[keys]\r\n'),
        ('[screen]\ntheme = """\nnord"""\n', '[screen]\ntheme = "dracula"\n'),
        ("# alone", '# alone\n[screen]\ntheme = "dracula"\n'),
    ],
)
def test_a_value_is_changed_in_whatever_way_it_is_written(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    save(path, "screen", "theme", "dracula")
    assert path.read_bytes() == after.encode()


def test_a_list_over_several_lines_keeps_the_comments_of_what_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[columns]\nlive = [\n  "branch", # too wide\n  "age",\n]\n\n[budgets]\nday = 20\n')
    save(path, "columns", "live", ("branch", "rate"))
    assert "# too wide" in path.read_text()
    assert sorted(load(path)[0].columns["live"]) == ["branch", "rate"]
    save(path, "columns", "live", ())
    assert load(path)[0].columns == {"live": ()}
    assert path.read_text().endswith("\n[budgets]\nday = 20\n")


@pytest.mark.parametrize("text", ["screen = 3\n", "[[screen]]\ntheme = 'x'\n"])
def test_what_is_no_table_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match="was not changed: screen is not a table"):
        save(path, "screen", "theme", "nord")
    assert path.read_text() == text


def test_only_a_change_loads_what_writes(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[screen]\ntree = true\n")
    code = (
        "import sys; from pathlib import Path; from claude_tui.ui.app import ClaudeTop;"
        "from claude_tui.ui.settings.file import load, save; path = Path(sys.argv[1]);"
        "load(path); print('tomlkit' in sys.modules);"
        "save(path, 'screen', 'tree', False); print('tomlkit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "True"], done.stderr


def told(app: ClaudeTop) -> list[str]:
    return [notification.title for notification in app._notifications]


async def test_a_theme_chosen_on_screen_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    app = ClaudeTop(FakeSource(), Settings(), clock=lambda: NOW_MS, settings_path=path)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "T")
        assert load(path)[0].theme == app.theme == "claude-light"
        await press(pilot, "plus", "t")
        assert load(path)[0].interval_s == 0.5
        assert load(path)[0].tree
        await pilot.press("comma")
        await wait_until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("down", "right", "escape")
        await wait_until(pilot, lambda: len(app.screen_stack) == 1)
        assert load(path)[0].period == "today"


async def test_a_settings_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    app = ClaudeTop(FakeSource(), Settings(), clock=lambda: NOW_MS, settings_path=blocked / "config.toml")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_until(pilot, lambda: app.main.snapshot is not None)
        await press(pilot, "T")
        await wait_until(pilot, lambda: "not saved" in told(app))
        assert app.theme == "claude-light"


async def test_keys_can_be_changed() -> None:
    async with running(keys={"view-models": "m", "pause": "f12"}) as (app, pilot):
        await press(pilot, "m")
        assert app.main.navigation.here.view == "models"
        await press(pilot, "space")
        assert app.main.paused_ms is None
        await press(pilot, "f12")
        assert app.main.paused_ms is not None


async def test_keys_for_actions_that_there_are_not_are_said() -> None:
    async with running(keys={"pauze": "f12"}) as (app, _):
        assert any("keys.pauze" in notice.message for notice in app._notifications)


async def test_a_passed_budget_is_said_once_and_stays_in_the_header() -> None:
    async with running(budgets=(Budget("month", 5 * 10**9),), size=(160, 50)) as (app, pilot):
        await wait_until(pilot, lambda: "budget exceeded" in told(app))
        await settled(pilot)
        assert "month: $" in screen_text(app).split("\n")[0]
        count = len(told(app))
        app.background.check_budgets()
        await app.workers.wait_for_complete([worker for worker in app.workers if worker.group == "budgets"])
        assert len(told(app)) == count


@pytest.mark.parametrize("theme", ["claude-light", "ansi-dark", "colour-blind", "nord"])
async def test_a_theme_looks_the_same_from_the_start_as_when_it_is_chosen_later(theme: str) -> None:
    async with running(theme=theme) as (app, pilot):
        first = app.screen._compositor.render_strips()
        classes = app.classes
    async with running(theme="claude-dark") as (app, pilot):
        app.theme = theme
        await settled(pilot)
        later = app.screen._compositor.render_strips()
        assert classes == app.classes
    assert [list(strip) for strip in first] == [list(strip) for strip in later]


async def test_a_period_of_the_settings_can_be_a_range_and_senseless_ones_are_said() -> None:
    async with running(period="2026-11-01..2026-11-05") as (app, _):
        assert app.main.period.since is not None and app.main.period.since.day == 1
    async with running(period="fortnight") as (app, _):
        assert app.main.period.id == "all"
        assert any("fortnight" in notice.message for notice in app._notifications)


def test_a_view_may_have_another_name(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[screen]\nview = "windows"\n')
    assert (load(path)[0].view, load(path)[1]) == ("blocks", [])
    assert top.ALIASES == declared.ALIASES


def test_the_command_line_knows_every_view() -> None:
    assert top.VIEWS == VIEWS
