from __future__ import annotations

import json
import os
import re
import stat
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.engine.queries.allowances.limits import read_limits
from tests.cli.program import Outcome, run
from tests.logs import ClaudeHome, assistant, usage

HOUR = 3_600_000


def given(home: ClaudeHome, **more: Any) -> dict[str, Any]:
    """What Claude Code 2.1.329 writes to the hook's stdin."""
    return {
        "session_id": "s1",
        "transcript_path": str(home.path()),
        "cwd": "/home/user/project",
        "model": {"id": "claude-fable-5-20260609", "display_name": "Fable 5"},
        "effort": {"level": "high"},
        "cost": {"total_cost_usd": 0.2345},
        "context_window": {
            "total_input_tokens": 25_000,
            "context_window_size": 200_000,
            "current_usage": {"input_tokens": 5_000, "cache_read_input_tokens": 20_000, "output_tokens": 7},
            "used_percentage": 12.5,
        },
        **more,
    }


def line(document: Any, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    stdin = document if isinstance(document, bytes) else json.dumps(document).encode()
    return run("statusline", *arguments, stdin=stdin, env={"NO_COLOR": "1", **(env or {})})


def counted_line(document: Any, *arguments: str) -> Outcome:
    """A line that had the time to count: the first one waits for a second at most."""
    deadline_s = time.monotonic() + 60
    while "…" in (done := line(document, *arguments)).text:
        assert time.monotonic() < deadline_s
    return done


@pytest.fixture
def spent(claude_home: ClaudeHome, noon: int) -> ClaudeHome:
    """A response of 1.50 dollars a minute ago, and one of another session."""
    claude_home.append(assistant("msg_1", noon - 60_000, usage(output=100_000)))
    claude_home.append(assistant("msg_2", noon - 30_000, usage(output=20_000), session="s2"), session="s2")
    return claude_home


def test_the_line(spent: ClaudeHome) -> None:
    done = counted_line(given(spent))
    assert done.code == 0 and done.stderr == ""
    model, money, burn, context = done.text.rstrip("\n").split(" | ")
    assert model == "🤖 Fable 5 (high)"
    assert money.startswith("💰 $1.50 session / $1.80 today / $1.80 block (~") and money.endswith("m left)")
    assert burn.startswith("🔥 $") and burn.endswith("/hr")
    assert context == "🧠 25,000 (13%)"


def test_cost_sources_and_burn_indicator(spent: ClaudeHome) -> None:
    assert "💰 $1.50 session" in counted_line(given(spent), "--cost-source", "ccusage").text
    assert "($0.23 cc / $1.50 counted) session" in counted_line(given(spent), "--cost-source", "both").text
    assert "(High)" in counted_line(given(spent), "-B", "emoji-text").text
    assert "💰 $0.23 session" in counted_line(given(spent), "--cost-source", "cc").text
    without = {name: value for name, value in given(spent).items() if name != "cost"}
    assert "💰 $1.50 session" in counted_line(without).text


def test_what_a_session_cost_before_it_was_cleared_or_resumed_is_not_mixed_up(spent: ClaudeHome, noon: int) -> None:
    old = noon - 30 * 24 * HOUR
    spent.append(assistant("msg_3", old, usage(output=2_000), session="old"), session="old")
    for session, cost in (("s1", "$1.50"), ("old", "$0.03"), ("new", "$0.00"), ("s2", "$0.30")):
        for reported in (541.0, 0.0):
            document = given(spent, session_id=session, cost={"total_cost_usd": reported})
            assert f"💰 {cost} session" in counted_line(document).text
    assert (
        "541.00 cc / $0.30 counted" in line(document | {"cost": {"total_cost_usd": 541}}, "--cost-source", "both").text
    )


@pytest.mark.parametrize("session", ["\ud800", "x" * 500, "\0", "", None, 7])
def test_a_session_without_a_name_that_could_be_counted_has_no_cost(spent: ClaudeHome, session: object) -> None:
    counted_line(given(spent))
    done = line(given(spent, session_id=session))
    assert (done.code, done.stderr) == (0, "") and "💰 … session / $1.80 today" in done.text


def test_new_responses_arrive_in_the_next_lines(spent: ClaudeHome) -> None:
    assert "$1.80 today" in counted_line(given(spent), "--refresh-interval", "0").text
    spent.append(assistant("msg_3", time.time_ns() // 1_000_000, usage(output=20_000)))
    os.utime(spent.path(), (time.time() + 5, time.time() + 5))
    deadline_s = time.monotonic() + 60
    while "$2.10 today" not in line(given(spent), "--refresh-interval", "0").text:
        assert time.monotonic() < deadline_s


def test_reported_limits_are_shown_and_kept(spent: ClaudeHome, own_home: Path) -> None:
    reset_s = int(time.time()) + 7_300
    limits = {
        "five_hour": {"used_percentage": 41.7, "resets_at": reset_s},
        "seven_day": {"used_percentage": 8, "resets_at": reset_s + 200_000},
    }
    text = counted_line(given(spent, rate_limits=limits)).text
    assert "block (2h 1m left)" in text and "⏳ 5h 42% · 7d 8%" in text
    kept = read_limits(str(own_home / ".state" / "claude-top"))
    assert [(w.name, w.used_percent, w.resets_ms) for w in kept.windows] == [
        ("five_hour", 41.7, reset_s * 1000),
        ("seven_day", 8.0, (reset_s + 200_000) * 1000),
    ]
    assert kept.windows[0].account == str(spent.folder)


@pytest.mark.parametrize(
    "document", [b"", b"nonsense", b"[1, 2]", b'{"session_id": 7, "model": [], "cost": {"total_cost_usd": "x"}}']
)
def test_it_never_fails(spent: ClaudeHome, document: bytes) -> None:
    assert line(given(spent)).code == 0
    done = line(document)
    assert done.code == 0 and done.stderr == "" and "s1" not in done.text


def test_after_a_failure_the_last_good_line_of_that_session_stays(spent: ClaudeHome) -> None:
    good = line(given(spent)).text
    other = line(given(spent, session_id="s2")).text
    assert good != other
    assert line(b'{"cost": 7, "session_id" : "s1", ').text == good
    assert line(b'{"session_id":"s2"').text == other
    for broken in (b"{", b'{"session_id":"s3"', b'{"session_id":'):
        assert line(broken).text == "", "another session's figures are not this one's"


def test_the_amount_is_that_of_the_window_whose_end_is_shown(claude_home: ClaudeHome, noon: int) -> None:
    for key, hours in (("msg_1", 6), ("msg_2", 4), ("msg_3", 2), ("msg_4", 0.1)):
        claude_home.append(assistant(key, noon - int(hours * HOUR), usage(output=100_000)))
    for left_h, cost in ((4, "$1.50"), (2, "$3.00"), (0.5, "$4.50")):
        window = {"used_percentage": 61, "resets_at": noon / 1000 + left_h * 3600}
        text = counted_line(given(claude_home, rate_limits={"five_hour": window})).text
        assert f"{cost} block (" in text and "(~" not in text, left_h


def test_an_idle_window_still_has_its_amount(claude_home: ClaudeHome, noon: int) -> None:
    claude_home.append(assistant("msg_1", noon - 3 * HOUR, usage(output=100_000)))
    reset_s = str((noon + HOUR) // 1000)
    text = counted_line(
        given(claude_home, rate_limits={"five_hour": {"used_percentage": "61", "resets_at": reset_s}})
    ).text
    assert "$1.50 block (" in text and "⏳ 5h 61%" in text


def test_every_reported_window_is_shown_unless_it_cannot_be(spent: ClaudeHome, own_home: Path) -> None:
    reset_s = int(time.time()) + 100_000
    limits: dict[str, Any] = {
        name: {"used_percentage": percent, "resets_at": reset_s}
        for name, percent in (
            ("spend_limit", "12"), ("seven_day_opus", 30), ("seven_day_sonnet", 4.4), ("one_day_any", 5), ("bad", -3),
            ("worse", 10**9), ("five_hour", True), ("seven_day", "x"),
        )
    }  # fmt: skip
    text = counted_line(given(spent, rate_limits=limits | {"odd": 7})).text
    assert text.rstrip().endswith("⏳ 7d Opus 30% · 7d Sonnet 4% · spend 12% · one day any 5%")
    kept = read_limits(str(own_home / ".state" / "claude-top")).windows
    assert {window.name: window.used_percent for window in kept} == {
        "spend_limit": 12, "seven_day_opus": 30, "seven_day_sonnet": 4.4, "one_day_any": 5,
    }  # fmt: skip
    checked = run("check", "--json", "--near", "20").text
    assert "7-day limit of Opus" in checked and "spend limit" in checked and json.loads(checked)["status"] == "near"


def test_figures_that_cannot_be_are_not_shown(spent: ClaudeHome) -> None:
    window = {"total_input_tokens": -5, "context_window_size": 200_000, "used_percentage": 1e9}
    text = line(given(spent, cost={"total_cost_usd": -3}, context_window=window), "--cost-source", "cc").text
    assert "… session" in text and "🧠" not in text
    asked = {**window, "total_input_tokens": "25000", "used_percentage": "12.5"}
    assert "🧠 25,000 (13%)" in line(given(spent, context_window=asked)).text
    assert "🧠 13%" in line(given(spent, context_window={"used_percentage": 12.5})).text


def test_a_window_that_was_reset_since_is_not_shown(spent: ClaudeHome) -> None:
    now_s = int(time.time())
    windows = {"five_hour": {"used_percentage": 61, "resets_at": now_s - 60}, "seven_day": {"used_percentage": 8}}
    assert line(given(spent, rate_limits=windows)).text.rstrip().endswith("⏳ 7d 8%")
    assert "⏳" not in line(given(spent, rate_limits={"five_hour": windows["five_hour"]})).text


def test_plain_words_are_those_of_ccusage(spent: ClaudeHome) -> None:
    spent.append(assistant("msg_3", int(time.time() * 1000) - 5000, usage(output=7), model="no-such-model"))
    reset = {"five_hour": {"used_percentage": 61, "resets_at": time.time() + 3600}}
    for more in ({}, {"rate_limits": reset}):
        counted_line(given(spent, **more))
        text = line(given(spent, **more), "--plain", "--cost-source", "both").text
        words = re.sub(r"[\d,.]+", "N", text.strip())
        block = r"\$N block \((Nh )?Nm left\) \| 🔥 \$N/hr"
        expected = rf"🤖 Fable N \(high\) \| 💰 \(\$N cc / \$N ccusage\) session / \$N today / {block} \| 🧠 N \(N%\)"
        assert re.fullmatch(expected, words), text


def test_settings_of_ccusage_hold(spent: ClaudeHome, tmp_path: Path) -> None:
    counted_line(given(spent))
    config = spent.folder / "ccusage.json"
    own = {"visualBurnRate": "text", "modelLabelAliases": {"claude-fable-5-20260609": "F5"}}
    config.write_text(json.dumps({"defaults": {"costSource": "both"}, "commands": {"statusline": own}}))
    home = {"HOME": str(spent.folder.parent)}
    text = line(given(spent), env=home).text
    assert "🤖 F5" in text and "cc /" in text and "/hr (" in text
    assert "cc /" not in line(given(spent), "--cost-source", "cc", env=home).text
    other = tmp_path / "own.json"
    for broken in ("[", "7", '{"defaults": 7}', '{"defaults": {"costSource": 7, "contextLowThreshold": "x"}}'):
        other.write_text(broken)
        done = line(given(spent), "--config", str(other))
        assert done.code == 0 and done.text.startswith("🤖 Fable 5 (high) | 💰 $")


def test_hostile_names_are_harmless(spent: ClaudeHome) -> None:
    text = line(given(spent, model={"display_name": "\x1b]52;c;eA==\x07\u202e" + "x" * 500})).text
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text and len(text) < 300


def test_without_a_place_to_write_it_still_prints(spent: ClaudeHome, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = line(given(spent), env={"XDG_STATE_HOME": str(blocked)})
    assert done.code == 0 and done.text.startswith("🤖 Fable 5 (high) | 💰 $0.23 session / … today")


def test_the_branch(spent: ClaudeHome, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/feature/x\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert "🌿 feature/x |" in line(given(spent, cwd=str(below)), "--git-branch").text


def test_own_statusline_is_wrapped(spent: ClaudeHome, own_home: Path) -> None:
    reset_s = int(time.time()) + 600
    document = given(spent, rate_limits={"five_hour": {"used_percentage": 5, "resets_at": reset_s}})
    command = f'{sys.executable} -c \'import json,sys; print(json.load(sys.stdin)["session_id"], "mine")\''
    assert line(document, "--wrapped", command).text == "s1 mine\n"
    assert read_limits(str(own_home / ".state" / "claude-top")).windows[0].used_percent == 5
    assert line(document, "--wrapped", "exit 3").text == "s1 mine\n"


def test_it_loads_little(spent: ClaudeHome) -> None:
    code = (
        "import sys; from claude_tui.cli import main; main(['statusline']);"
        "sys.stderr.write(' '.join(sorted(sys.modules)))"
    )
    import subprocess

    line(given(spent))
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(given(spent)).encode(), capture_output=True)
    assert "today" in done.stdout.decode()
    loaded = set(done.stderr.decode().split())
    heavy = {"textual", "rich", "asyncio", "orjson", "dataclasses", "subprocess", "zoneinfo", "claude_tui.model"}
    assert not loaded & heavy
    assert not any(name.startswith(("claude_tui.pricing", "claude_tui.engine.state.store")) for name in loaded)


# -- install -------------------------------------------------------------------------------------------------


def settings(home: ClaudeHome) -> Any:
    return json.loads((home.folder / "settings.json").read_text())


def test_install_and_undo_touch_nothing_else(claude_home: ClaudeHome) -> None:
    claude_home.folder.mkdir()
    path = claude_home.folder / "settings.json"
    path.write_text('{"model": "opus", "hooks": {"ä": []}}')
    path.chmod(0o640)
    assert main(["statusline", "install"]) == 0
    assert settings(claude_home)["statusLine"]["type"] == "command"
    assert settings(claude_home)["statusLine"]["command"].endswith("statusline")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert main(["statusline", "install"]) == 0
    assert main(["statusline", "install", "--undo"]) == 0
    assert settings(claude_home) == {"model": "opus", "hooks": {"ä": []}}


def test_install_keeps_an_own_statusline(claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]) -> None:
    claude_home.folder.mkdir()
    path = claude_home.folder / "settings.json"
    own = {"type": "command", "command": "my 'line' | cut -c1-80", "padding": 2}
    path.write_text(json.dumps({"statusLine": own}))
    assert main(["statusline", "install"]) == 1
    assert "--wrap" in capsys.readouterr().err and settings(claude_home)["statusLine"] == own
    assert main(["statusline", "install", "--wrap", "--dry-run"]) == 0
    assert "+" in capsys.readouterr().out and settings(claude_home)["statusLine"] == own
    assert main(["statusline", "install", "--wrap"]) == 0
    import shlex

    words = shlex.split(settings(claude_home)["statusLine"]["command"])
    assert words[-2:] == ["--wrapped", own["command"]] and settings(claude_home)["statusLine"]["padding"] == 2
    assert main(["statusline", "install", "--undo"]) == 0
    assert settings(claude_home)["statusLine"] == own


def test_install_leaves_broken_or_foreign_settings_alone(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    claude_home.folder.mkdir()
    path = claude_home.folder / "settings.json"
    path.write_text('{"model": ')
    assert main(["statusline", "install"]) == 1
    assert path.read_text() == '{"model": ' and "nothing changed" in capsys.readouterr().err
    path.write_text('{"statusLine": {"type": "command", "command": "other"}}')
    assert main(["statusline", "install", "--undo"]) == 1
    assert settings(claude_home)["statusLine"]["command"] == "other"
