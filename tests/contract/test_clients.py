"""Declaring a client is all there is to it: one that only these tests know is walked from its log to every output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_tui.clients import CLIENTS
from claude_tui.sources.protocol import SourceConfig
from claude_tui.sources.registry import load, reader, roots
from tests.logs import ClaudeHome, assistant, usage

pytestmark = pytest.mark.every_client
TOY = Path(__file__).with_name("toy")
ROOT = Path(__file__).parents[2]
CALL = "call-1 1795000000000 talk-1 gpt-5.1 1000 20"
LATER = "call-2 1795000060000 talk-1 gpt-5.1 7 3"


class Toys:
    """A home with one response of Claude Code and one of Toy Code, and programs that know the latter."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.log = home / ".toy" / "calls" / "one.toy"
        self.log.parent.mkdir(parents=True)
        self.log.write_text(CALL + "\n")
        self._reads = folder / "reads"
        starting = folder / "starting"
        starting.mkdir()
        (starting / "sitecustomize.py").write_text("import toy_client\n")
        self._env = {"PYTHONPATH": f"{starting}:{TOY}:{ROOT}", "TOY_READS": str(self._reads)}

    @property
    def reads(self) -> int:
        """How often a log of the toy was read."""
        return len(self._reads.read_text().splitlines()) if self._reads.exists() else 0

    def python(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            input=stdin, capture_output=True, text=True, timeout=120, env={**os.environ, **self._env, **(env or {})},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        return self.python("-m", "claude_tui", *arguments, stdin=stdin, env=env)

    def json(self, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
        return json.loads(self.run(*arguments, env=env))


@pytest.fixture
def toys(own_home: Path, claude_home: ClaudeHome, tmp_path: Path) -> Toys:
    claude_home.append(assistant("msg_1", 1_795_000_000_000, usage(input=5, output=6)))
    return Toys(own_home, tmp_path)


def test_reports_count_and_price_it(toys: Toys) -> None:
    assert toys.json("report", "--json")["totals"]["input"] == 1005
    alone = toys.json("report", "--json", "--source", "toy")["totals"]
    assert (alone["input"], alone["output"], alone["cost_nano"]) == (1000, 20, 1_450_000)
    assert toys.json("report", "--json", "--toy-dir", str(toys.home / ".toy"))["totals"] == alone
    (line,) = toys.run("export", "--jsonl", "--source", "toy").splitlines()
    assert (json.loads(line)["source"], json.loads(line)["project"]) == ("toy", "/home/me/toys")


def test_its_own_variable_moves_its_logs(toys: Toys) -> None:
    (toys.home / ".toy").rename(toys.home / "elsewhere")
    assert toys.json("report", "--json", env={"TOY_HOME": str(toys.home / "elsewhere")})["totals"]["input"] == 1005
    assert toys.json("report", "--json")["totals"]["input"] == 5


def test_the_reports_of_ccusage_have_it_beside_the_others_and_alone(toys: Toys) -> None:
    assert toys.json("toy", "daily", "--json")["totals"]["inputTokens"] == 1000
    assert toys.json("toy:session", "--json")["totals"]["inputTokens"] == 1000
    (day,) = toys.json("daily", "--json", "--by-agent")["daily"]
    assert [part["agent"] for part in day["agents"]] == ["claude", "toy"]
    assert "Toy Code" in toys.run("daily")


def test_doctor_says_where_it_was_looked_for_and_what_was_skipped(toys: Toys) -> None:
    with toys.log.open("a") as log:
        log.write("nonsense\n")
    found = toys.json("doctor", "--json")
    (root,) = [root for root in found["roots"] if root["source"] == "toy"]
    assert (root["path"], root["state"], root["files"]) == (str(toys.home / ".toy"), "found", 1)
    assert str(toys.log) in json.dumps(found["problems"])


def test_completions_manual_and_help_have_it(toys: Toys) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "toy-dir" in toys.run("completions", shell)
    manual = toys.run("manual")
    assert "TOY_HOME" in manual and "Toy Code" in manual
    assert "kilo, toy (default: all)" in " ".join(toys.run("report", "--help").split())
    assert "the same reports for Toy Code" in toys.run("--help")


def test_the_statusline_does_not_wait_for_it(toys: Toys) -> None:
    assert toys.run("statusline", stdin='{"session_id": "s1", "model": {"id": "claude-sonnet-4-5"}}')
    assert toys.reads == 0


def test_screen_live_tail_cache_and_ledger_know_it(toys: Toys, tmp_path: Path) -> None:
    shown = toys.python(str(TOY / "toy_screen.py"), str(toys.log), LATER)
    assert "♜ toy" in shown
    assert "gpt-5.1" in shown
    reads = toys.reads
    assert toys.json("report", "--json")["totals"]["input"] == 1012
    assert toys.reads == reads, "the cache knows"
    toys.log.unlink()
    assert toys.json("report", "--json")["totals"]["input"] == 1012, "the ledger remembers"
    history = tmp_path / "history.jsonl"
    toys.run("ledger", "export", "--output", str(history))
    elsewhere = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("DATA", "CACHE", "STATE")}
    toys.run("ledger", "import", str(history), env=elsewhere)
    assert toys.json("report", "--json", env=elsewhere)["totals"]["input"] == 1012


@pytest.mark.parametrize("name", CLIENTS)
def test_a_declaration_names_what_is_there(name: str) -> None:
    client = CLIENTS[name]
    assert client.name == name == reader(name).name
    assert all(callable(load(way)) for way in (client.read_columns, client.read_turn) if way)


@pytest.mark.parametrize("trait", ["name", "label", "glyph", "letter"])
def test_no_two_clients_look_alike(trait: str) -> None:
    assert len({getattr(client, trait) for client in CLIENTS.values()}) == len(CLIENTS)


@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.root])
def test_where_a_client_is_at_home_is_what_its_reader_says(name: str, tmp_path: Path) -> None:
    config = SourceConfig(tmp_path)

    assert roots(name, config) == reader(name).roots(config)


@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.root])
def test_each_variable_of_a_client_is_heeded(name: str, tmp_path: Path) -> None:
    for variable, _ in CLIENTS[name].env:
        config = SourceConfig(tmp_path, {variable: str(tmp_path / "elsewhere")})

        assert roots(name, config) == reader(name).roots(config)
