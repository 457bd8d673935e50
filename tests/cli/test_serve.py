"""The whole server in a process of its own, over real sockets."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_tui.cli import main
from claude_tui.cli.serve.routes import Routes
from claude_tui.engine.count import count
from claude_tui.engine.monitor import Monitor
from tests.engine.counting import PRICER, UTC, config_of
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


class Served:
    """A running server and its token."""

    def __init__(self, process: subprocess.Popen[str], port: int, token: str) -> None:
        self.process, self.port, self.token = process, port, token

    def ask(
        self, path: str, *, token: str | None = None, method: str = "GET", **headers: str
    ) -> tuple[int, bytes, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        own = self.token if token is None else token
        connection.request(method, path, headers={"Authorization": f"Bearer {own}", **sent} if own else sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, answer.headers

    def stats(self, query: str = "") -> Any:
        status, body, _ = self.ask(f"/api/stats{query}")
        assert status == 200, body
        return json.loads(body)

    def wait(self, is_true: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + 60
        while not is_true():
            assert time.monotonic() < deadline_s and self.process.poll() is None


def start(*arguments: str) -> Served:
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_tui", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    path = Path(os.environ["XDG_STATE_HOME"], "claude-top", "serve-token")
    token = path.read_text().strip() if path.exists() else ""
    return Served(process, int(line.rsplit(":", 1)[1]), token)


def stop(served: Served) -> tuple[int, str]:
    served.process.send_signal(signal.SIGINT)
    _, errors = served.process.communicate(timeout=60)
    return served.process.returncode, errors


@pytest.fixture
def served(claude_home: ClaudeHome) -> Iterator[Served]:
    claude_home.append(assistant("msg_1", NOON, usage(input=100, output=20)))
    claude_home.append(
        assistant("msg_2", NOON + 86_400_000, usage(output=5), model='house"model', session="s2"), session="s2"
    )
    served = start()
    served.wait(lambda: served.ask("/healthz")[0] == 200)
    yield served
    if served.process.poll() is None:
        code, errors = stop(served)
        assert code == 0 and "Traceback" not in errors, errors
    for stream in (served.process.stdout, served.process.stderr):
        if stream is not None:
            stream.close()


def test_stats_are_the_report(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    for query, arguments in (
        ("", []),
        ("?by=model", ["--by", "model"]),
        ("?since=2026-11-21", ["--since", "2026-11-21"]),
    ):
        assert main(["report", "--json", *arguments]) == 0
        assert served.stats(query) == json.loads(capsys.readouterr().out)
    assert served.stats("?session=s2")["totals"]["output"] == 5


def test_new_responses_are_served_without_reading_again(served: Served, claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_3", NOON + 1, usage(output=7)))
    served.wait(lambda: served.stats()["totals"]["output"] == 32)
    for path in claude_home.folder.rglob("*.jsonl"):
        path.unlink()
    assert served.stats()["totals"]["output"] == 32


def test_unchanged_is_told_by_the_tag(served: Served, claude_home: ClaudeHome) -> None:
    _, _, headers = served.ask("/api/stats")
    status, body, _ = served.ask("/api/stats", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    claude_home.append(assistant("msg_3", NOON + 1, usage(output=7)))
    served.wait(lambda: served.ask("/api/stats", If_None_Match=headers["ETag"])[0] == 200)


def test_changes_are_told_as_they_come(served: Served, claude_home: ClaudeHome) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {served.token}"})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"

    def next_state() -> Any:
        while not (line := answer.readline()).startswith(b"data: "):
            assert line, "the stream ended"
        return json.loads(line[6:])

    assert next_state()["totals"]["output"] == 25
    claude_home.append(assistant("msg_3", NOON + 1, usage(output=7)))
    while (found := next_state())["totals"]["output"] == 25:
        pass
    assert found["schema"] == "claude-top/state@1" and found["totals"]["output"] == 32
    answer.close()
    connection.close()


def test_metrics_are_what_prometheus_reads(served: Served) -> None:
    status, body, headers = served.ask("/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    sample = re.compile(r'claude_top_[a-z_]+(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? -?[0-9.]+')
    lines = body.decode().splitlines()
    assert lines and all(line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line) for line in lines)
    assert 'claude_top_tokens_total{model="claude-sonnet-4-5-20250929",source="claude",kind="input"} 100' in lines
    assert any('model="house\\"model"' in line for line in lines)


def test_only_health_is_open(served: Served) -> None:
    for path in ("/api/stats", "/api/events", "/metrics", "/", "/nothing"):
        for token in ("", "wrong", served.token + "x", served.token[:-1]):
            assert served.ask(path, token=token)[0] == 401
    assert served.ask("/healthz", token="")[0] == 200
    assert b"msg" not in served.ask("/healthz", token="")[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_other_names_and_foreign_pages_are_refused(served: Served, headers: dict[str, str]) -> None:
    assert served.ask("/api/stats", **headers)[0] == 403
    assert served.ask("/healthz", **headers)[0] == 403


def test_our_own_names_and_pages_are_served(served: Served) -> None:
    for name in ("localhost", "127.0.0.1", "LOCALHOST"):
        assert served.ask("/api/stats", Host=f"{name}:{served.port}")[0] == 200
    assert served.ask("/api/stats", Origin=f"http://localhost:{served.port}", Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/stats?since=x", 400),
        ("/api/stats?by=hour", 400),
        ("/api/stats?q=1", 400),
        ("/api", 404),
        ("/../etc/passwd", 404),
    ],
)
def test_wrong_questions(served: Served, path: str, status: int) -> None:
    assert served.ask(path)[0] == status


def test_nothing_can_be_written(served: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert served.ask("/api/stats", method=method)[0] == 405


def test_the_token_is_for_its_owner_alone(served: Served, own_home: Path) -> None:
    path = own_home / ".state" / "claude-top" / "serve-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(served.token) >= 16
    other = start()
    assert other.token == served.token
    code, errors = stop(other)
    assert code == 0 and served.token not in errors


def test_a_state_file_follows(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    path = tmp_path / "state.json"
    served = start("--state-file", str(path), "--no-token")

    def output() -> int:
        return int(json.loads(path.read_text())["totals"]["output"]) if path.exists() else 0

    served.wait(lambda: output() == 20)
    claude_home.append(assistant("msg_2", NOON, usage(output=3)))
    served.wait(lambda: output() == 23)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert served.ask("/api/stats", token="")[0] == 200
    assert stop(served)[0] == 0
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_what_is_not_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "token"
    short.write_text("secret\n")
    assert main(["serve", "--host", "0.0.0.0", "--no-token"]) == 2
    assert main(["serve", "--token-file", str(short)]) == 2
    assert main(["serve", "--port", "70000"]) == 2
    assert "16 characters" in capsys.readouterr().err


def test_a_port_in_use_is_said(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", str(served.port)]) == 1
    assert f"cannot listen on 127.0.0.1:{served.port}" in capsys.readouterr().err


async def test_what_is_told_before_responses_are_loaded_has_the_pace(
    claude_home: ClaudeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_tui.engine.count.UNSAVED_BYTES", -1)
    claude_home.append(assistant("msg_1", time.time_ns() // 1_000_000 - 60_000, usage(output=100_000)))
    config = config_of(claude_home.folder)
    count(config, PRICER, UTC, cache_folder=tmp_path, processes=0)
    monitor = Monitor(config, PRICER, UTC, cache_folder=tmp_path)
    assert monitor.saved_ms and not monitor.store.is_table_loaded
    snapshot = await Routes(monitor).snapshot()
    assert snapshot.burn.last_60m_nano == snapshot.totals.cost_nano == 1_500_000_000
    assert sum(snapshot.tokens_per_minute) == snapshot.totals.tokens
