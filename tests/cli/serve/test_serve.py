"""The whole server in a process of its own, over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from claude_tui.cli import main
from claude_tui.cli.serve.guard import TOKEN_FILE
from claude_tui.cli.serve.routes import Routes
from claude_tui.engine.count import count
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.tokens import kept_token
from tests.engine.counting import PRICER, UTC, config_of
from tests.logs import ClaudeHome, assistant, usage

NOON = 1_795_176_000_000


class Served:
    """A running server, the environment it runs in, and its token."""

    def __init__(self, process: subprocess.Popen[str], env: Mapping[str, str], port: int) -> None:
        self.process, self.env, self.port = process, env, port
        path = self.token_file
        self.token = path.read_text().strip() if path.exists() else ""

    @property
    def token_file(self) -> Path:
        return Path(self.env["XDG_STATE_HOME"], "claude-top", "serve-token")

    @property
    def home(self) -> ClaudeHome:
        return ClaudeHome(Path(self.env["CLAUDE_CONFIG_DIR"]))

    def connect(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}", **headers})
        answer = connection.getresponse()
        connection.close()  # when the answer is
        return answer

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

    def output(self) -> int:
        return int(self.stats()["totals"]["output"])

    def wait(self, is_true: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + 60
        while not is_true():
            assert time.monotonic() < deadline_s and self.process.poll() is None

    def wait_until_counted(self) -> None:
        self.wait(lambda: self.ask("/healthz")[0] == 200)


def start(*arguments: str, env: Mapping[str, str] | None = None) -> Served:
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_tui", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    return Served(process, env or dict(os.environ), int(line.rsplit(":", 1)[1]))


def stop(served: Served, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
    served.process.send_signal(number)
    _, errors = served.process.communicate(timeout=60)
    return served.process.returncode, errors


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a server that outlives a test, away from the machine's own folders."""
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    own = {"HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / ".claude"), "TERM": "xterm-256color", "TZ": "UTC"}
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own, **folders}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for all tests here; those that add to its logs compare with what was there before."""
    env = environment(tmp_path_factory.mktemp("served"))
    logs = ClaudeHome(Path(env["CLAUDE_CONFIG_DIR"]))
    logs.append(assistant("msg_1", NOON, usage(input=100, output=20)))
    logs.append(assistant("msg_2", NOON + 86_400_000, usage(output=5), model='house"model', session="s2"), session="s2")
    served = start(env=env)
    served.wait_until_counted()
    yield served
    code, errors = stop(served)
    assert code == 0 and "Traceback" not in errors, errors


def test_stats_are_the_report(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in served.env.items():
        monkeypatch.setenv(name, value)
    for query, arguments in (
        ("", []),
        ("?by=model", ["--by", "model"]),
        ("?since=2026-11-21", ["--since", "2026-11-21"]),
    ):
        assert main(["report", "--json", *arguments]) == 0
        assert served.stats(query) == json.loads(capsys.readouterr().out)
    assert served.stats("?session=s2")["totals"]["output"] == 5


def test_new_responses_are_served_without_reading_again(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=25)))
    served = start()
    served.wait_until_counted()
    claude_home.append(assistant("msg_3", NOON + 1, usage(output=7)))
    served.wait(lambda: served.output() == 32)
    for path in claude_home.folder.rglob("*.jsonl"):
        path.unlink()
    assert served.output() == 32
    assert stop(served)[0] == 0


def test_what_a_log_no_longer_says_is_served_as_reported(
    claude_home: ClaudeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    """The history that outlives logs counts, whoever saved the cache last."""
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    gone = claude_home.append(assistant("msg_2", NOON, usage(output=5), session="s2"), session="s2")
    first = start()
    first.wait_until_counted()
    assert stop(first)[0] == 0
    gone.unlink()
    for _ in range(2):
        served = start()
        served.wait_until_counted()
        assert main(["report", "--json"]) == 0
        assert served.stats() == json.loads(capsys.readouterr().out)
        assert served.output() == 25
        assert stop(served)[0] == 0


def test_unchanged_is_told_by_the_tag(served: Served) -> None:
    _, _, headers = served.ask("/api/stats")
    for tags in (headers["ETag"], f'"other", {headers["ETag"]}'):
        status, body, again = served.ask("/api/stats", If_None_Match=tags)
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert served.ask("/api/stats?by=day", If_None_Match=headers["ETag"])[0] == 200
    served.home.append(assistant("msg_tag", NOON + 1, usage(output=7)))
    served.wait(lambda: served.ask("/api/stats", If_None_Match=headers["ETag"])[0] == 200)


def test_a_tag_of_an_earlier_run_means_nothing(claude_home: ClaudeHome) -> None:
    path = claude_home.append(assistant("msg_1", NOON, usage(output=25)))

    def run(*, tag: str = "") -> tuple[int, str, bytes]:
        served = start()
        served.wait_until_counted()
        status, _, headers = served.ask("/api/stats", **({"If_None_Match": tag} if tag else {}))
        event = next(line for line in served.connect("/api/events") if line.startswith(b"id: "))
        assert stop(served)[0] == 0
        return status, headers["ETag"], event

    _, tag, event = run()
    for again in ("as it was", "another"):
        if again == "another":
            path.unlink()
            claude_home.append(assistant("msg_1", NOON, usage(output=26)))
        # Counted from nothing, as the first time: revisions are the same.
        shutil.rmtree(os.environ["XDG_CACHE_HOME"])
        status, other, other_event = run(tag=tag)
        assert status == 200 and other != tag and other_event != event


def test_changes_are_told_as_they_come(served: Served) -> None:
    answer = served.connect("/api/events")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    assert answer.readline().startswith(b"retry: ")

    def next_state() -> Any:
        while not (line := answer.readline()).startswith(b"data: "):
            assert line, "the stream ended"
        return json.loads(line[6:])

    before = next_state()["totals"]["output"]
    served.home.append(assistant("msg_event", NOON + 1, usage(output=7)))
    while (found := next_state())["totals"]["output"] == before:
        pass
    assert found["schema"] == "claude-top/state@1" and found["totals"]["output"] == before + 7
    answer.close()


def test_followers_that_left_leave_their_places(served: Served) -> None:
    for _ in range(40):  # more than twice as many as may follow at a time
        answer = served.connect("/api/events")
        assert answer.status == 200
        assert answer.readline().startswith(b"retry: ")
        answer.close()


def test_answers_are_compressed_for_those_who_take_it(served: Served) -> None:
    _, plain, _ = served.ask("/api/stats")
    _, packed, headers = served.ask("/api/stats", Accept_Encoding="deflate, gzip;q=0.5")
    assert (headers["Content-Encoding"], gzip.decompress(packed)) == ("gzip", plain)
    for refused in ("gzip;q=0", "identity", "gzip ; q=0.000"):
        assert served.ask("/api/stats", Accept_Encoding=refused)[1] == plain


def test_metrics_are_what_prometheus_reads(served: Served) -> None:
    status, body, headers = served.ask("/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = body.decode().splitlines()
    assert {family.name for family in text_string_to_metric_families(body.decode())} >= {
        "claude_top_tokens", "claude_top_cost_usd", "claude_top_info", "claude_top_project_cost_usd",
    }  # fmt: skip
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


def test_the_token_is_for_its_owner_alone(served: Served) -> None:
    assert stat.S_IMODE(served.token_file.stat().st_mode) == 0o600 and len(served.token) >= 16
    other = start(env=served.env)
    assert other.token == served.token
    code, errors = stop(other)
    assert code == 0 and served.token not in errors


def test_those_that_start_at_once_have_one_token(tmp_path: Path) -> None:
    at_once = threading.Barrier(4)

    def made(folder: Path) -> str:
        at_once.wait()
        return kept_token(folder, TOKEN_FILE)

    with ThreadPoolExecutor(4) as starts:
        for number in range(100):
            folder = tmp_path / str(number)
            folder.mkdir()
            tokens = set(starts.map(made, [folder] * 4))
            assert tokens == {(folder / "serve-token").read_text().strip()}


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


def test_a_state_file_goes_through_nobodys_link(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    victim, path = tmp_path / "victim", tmp_path / "shared" / "state.json"
    victim.write_text("precious")
    path.parent.mkdir()
    path.symlink_to(victim)
    served = start("--state-file", str(path))
    # Whoever may write into that folder knows the number of the process.
    path.with_name(f".{path.name}.{served.process.pid}").symlink_to(victim)
    served.wait(lambda: path.is_file() and not path.is_symlink())
    claude_home.append(assistant("msg_2", NOON, usage(output=3)))
    served.wait(lambda: json.loads(path.read_text())["totals"]["output"] == 23)
    assert stop(served)[0] == 0
    assert victim.read_text() == "precious" and not path.is_symlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_when_told_to(claude_home: ClaudeHome, number: signal.Signals) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    served = start()
    served.wait_until_counted()
    follower = served.connect("/api/events")
    assert follower.readline()
    code, errors = stop(served, number)
    assert code == 0 and "Traceback" not in errors, errors
    follower.close()


def test_it_stops_in_the_middle_of_the_first_count(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    code, errors = stop(start(), signal.SIGTERM)
    assert code == 0 and "Traceback" not in errors, errors


def test_it_stops_when_nobody_reads_what_it_says(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    served = start()
    assert served.process.stdout is not None and served.process.stderr is not None
    served.process.stdout.close()
    assert served.process.wait(60) == 0
    with served.process.stderr as errors:
        assert "Traceback" not in errors.read()


def test_it_starts_without_a_stdout(claude_home: ClaudeHome, tmp_path: Path) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    path = tmp_path / "state.json"
    command = f'exec "{sys.executable}" -m claude_tui serve --port 0 --state-file "{path}" >&-'
    with subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, text=True) as process:
        while not path.exists():
            assert process.poll() is None, process.communicate()
        process.terminate()
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0 and "Traceback" not in errors, errors


def test_other_commands_do_not_load_a_server(claude_home: ClaudeHome) -> None:
    claude_home.append(assistant("msg_1", NOON, usage(output=20)))
    code = "import sys; from claude_tui.cli import main; main(sys.argv[1:]); print('aiohttp' in sys.modules)"
    for arguments in (["report"], ["serve", "--help"], ["--once"], ["serve", "--port", "x"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "False", arguments


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
    count(Setup(config, PRICER, UTC, cache_folder=tmp_path), processes=0)
    monitor = Monitor(Setup(config, PRICER, UTC, cache_folder=tmp_path))
    assert monitor.saved_ms and not monitor.store.is_table_loaded
    snapshot = await Routes(monitor).snapshot()
    assert snapshot.burn.last_60m_nano == snapshot.totals.cost_nano == 1_500_000_000
    assert sum(snapshot.tokens_per_minute) == snapshot.totals.tokens


@pytest.mark.parametrize("host", ["\u202e", "a" * 64 + ".example", "a\0b", ".", "x..y"])
def test_what_is_no_name_of_a_host_is_said(host: str, own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", host, "--port", "0"]) == 1
    assert "cannot listen on" in capsys.readouterr().err
