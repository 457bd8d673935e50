"""Switching telemetry on and off in the clients' own files: exactly the keys that are needed, and back to the byte."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_tui.paths import state_folder
from claude_tui.telemetry.switches.claude import ClaudeSwitch
from claude_tui.telemetry.switches.codex import CodexSwitch
from tests.cli.program import Outcome, run
from tests.telemetry.posting import lines, numbered, post, receiving, token

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CLAUDE = (
    '{\n    "model": "opus",\n    "env": {"FOO": "1"},\n    "permissions": {\n        "allow": ["Bash(ls:*)"]\n    }\n}'
)
CODEX = '# mine\nmodel = "gpt-5.6"   # the good one\n\n[mcp_servers.x]\ncommand = "y"\n'
GEMINI = '{"ui": {"theme": "Ä"}}\n'
FILES = {
    "claude": (".claude/settings.json", CLAUDE),
    "codex": (".codex/config.toml", CODEX),
    "gemini": (".gemini/settings.json", GEMINI),
    "qwen": (".qwen/settings.json", GEMINI),
    "copilot": (".config/claude-top/copilot-telemetry.sh", ""),
}


def install(client: str, *more: str, **env: str) -> Outcome:
    return run("telemetry", "install", "--client", client, *more, env=env)


@pytest.fixture(params=FILES)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(home: Path, client: str) -> Path:
    """The client's file, with what was in it before."""
    name, text = FILES[client]
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if text:
        path.write_bytes(text.encode())
        path.chmod(0o640)
    return path


def test_what_was_installed_is_taken_back_to_the_byte(own_home: Path, client: str) -> None:
    path = written(own_home, client)
    before = path.read_bytes() if path.exists() else None
    done = install(client)
    assert done.code == 0, done.stderr
    assert token() in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == (0o640 if before else 0o600)
    assert "set up already" in install(client).stderr
    assert json.loads(run("telemetry", "status", "--json").text)["clients"] == [client]
    assert install(client, "--undo").code == 0
    assert json.loads(run("telemetry", "status", "--json").text)["clients"] == []
    assert (path.read_bytes() if path.exists() else None) == before
    assert install(client, "--undo").code == 1


def test_a_file_that_was_not_there_is_gone_again(own_home: Path, client: str) -> None:
    path = own_home / FILES[client][0]
    assert install(client).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert install(client, "--undo").code == 0
    assert not path.exists()


def test_a_dry_run_shows_the_change_and_changes_nothing(own_home: Path, client: str) -> None:
    path = written(own_home, client)
    before = path.read_bytes() if path.exists() else None
    shown = install(client, "--dry-run")
    assert shown.code == 0
    assert "127.0.0.1:8378" in shown.text
    assert (path.read_bytes() if path.exists() else None) == before
    assert not state_folder().exists()
    install(client)
    back = install(client, "--undo", "--dry-run").text
    assert "127.0.0.1:8378" in back
    assert token() not in back
    assert "127.0.0.1:8378" in path.read_text()


@pytest.mark.parametrize("client", ["claude", "codex", "gemini", "qwen"])
def test_what_others_changed_since_stays_when_it_is_taken_back(own_home: Path, client: str) -> None:
    path = written(own_home, client)
    install(client)
    text = path.read_text()
    changed = text + '\n[projects."/x"]\ntrust_level = "trusted"\n' if client == "codex" else '{"added": 1,' + text[1:]
    path.write_text(changed)
    assert install(client, "--undo").code == 0
    left = path.read_text()
    assert "127.0.0.1" not in left
    if client == "codex":
        assert tomllib.loads(left) == {**tomllib.loads(CODEX), "projects": {"/x": {"trust_level": "trusted"}}}
        assert "# the good one" in left
    else:
        assert json.loads(left) == {"added": 1, **json.loads(FILES[client][1])}


def test_claude_code_sends_logs_and_nothing_else(own_home: Path) -> None:
    path = written(own_home, "claude")
    install("claude")
    assert json.loads(path.read_text()) == {
        **json.loads(CLAUDE),
        "env": {
            "FOO": "1",
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:8378",
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-claude-top-token={token()}",
        },
    }
    assert path.read_text().startswith('{\n    "model"')


def test_codex_sends_no_pieces_no_metrics_and_no_prompts(own_home: Path) -> None:
    path = written(own_home, "codex")
    install("codex")
    assert path.read_text().startswith(CODEX)
    assert tomllib.loads(path.read_text())["otel"] == {
        "log_user_prompt": False,
        "log_sse_deltas": False,
        "exporter": {
            "otlp-http": {
                "endpoint": "http://127.0.0.1:8378/v1/logs",
                "protocol": "json",
                "headers": {"x-claude-top-token": token()},
            }
        },
        "metrics_exporter": "none",
    }


@pytest.mark.parametrize("client", ["gemini", "qwen"])
def test_gemini_and_qwen_send_over_http_without_prompts(own_home: Path, client: str) -> None:
    path = written(own_home, client)
    install(client)
    assert json.loads(path.read_text())["telemetry"] == {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": f"http://127.0.0.1:8378/{token()}",
        "otlpProtocol": "http",
        "logPrompts": False,
    }


def test_the_port_of_the_settings_is_used_and_a_new_one_replaces_ours(own_home: Path, client: str) -> None:
    path = written(own_home, client)
    before = path.read_bytes() if path.exists() else None
    install(client)
    config = own_home / ".config/claude-top/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[telemetry]\nport = 9999\n")
    assert install(client).code == 0
    assert "127.0.0.1:9999" in path.read_text()
    assert "8378" not in path.read_text()
    install(client, "--undo")
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize(
    ("client", "text", "env"),
    [
        ("claude", '{"env": {"OTEL_METRICS_EXPORTER": "prometheus"}}', {}),
        ("claude", '{"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1"}}', {}),
        ("claude", "{}", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}),
        ("codex", '[otel]\nexporter = "none"\n', {}),
        ("codex", "[otel]\nlog_user_prompt = true\n", {}),
        ("gemini", '{"telemetry": {"enabled": false}}', {}),
        ("gemini", "{}", {"GEMINI_TELEMETRY_ENABLED": "true"}),
        ("qwen", '{"telemetry": {"otlpEndpoint": "http://127.0.0.1:4318"}}', {}),
        ("copilot", "", {"COPILOT_OTEL_ENABLED": "true"}),
        ("copilot", "echo mine\n", {}),
    ],
)
def test_what_is_set_by_somebody_else_is_left_alone_and_the_collector_is_explained(
    own_home: Path, client: str, text: str, env: dict[str, str]
) -> None:
    path = own_home / FILES[client][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    if text:
        path.write_text(text)
    done = install(client, **env)
    assert done.code == 1
    assert "is set already" in done.stderr
    assert "nothing changed" in done.stderr
    assert "otlphttp/claude-top:" in done.text
    assert (path.read_text() if path.exists() else "") == text


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("claude", "{// a comment\n}"), ("claude", "[]"), ("claude", '{"env": 7}'), ("gemini", '{"telemetry": 7}'),
        ("gemini", '{"a": ' * 5000), ("codex", "model = "), ("codex", "otel = 7"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_left_alone(own_home: Path, client: str, text: str) -> None:
    path = own_home / FILES[client][0]
    path.parent.mkdir(parents=True)
    path.write_text(text)
    done = install(client)
    assert done.code == 1
    assert "nothing changed" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert path.read_text() == text


def test_what_an_administrator_set_rules(tmp_path: Path) -> None:
    home = tmp_path / "home"
    env: dict[str, Any] = {"env": {"OTEL_LOGS_EXPORTER": "otlp"}}
    managed = tmp_path / "managed"
    for name in ("managed-settings.json", "managed-settings.d/10-telemetry.json"):
        (managed / name).parent.mkdir(parents=True, exist_ok=True)
        (managed / name).write_text(json.dumps(env))
    assert len(ClaudeSwitch(str(managed)).obstacles("", home, {})) == 2
    assert not ClaudeSwitch(str(tmp_path / "nothing")).obstacles("", home, {})
    (managed / "codex.toml").write_text("[otel]\nexporter = 'none'\n")
    assert CodexSwitch((str(managed / "codex.toml"),)).obstacles("", home, {})
    assert not CodexSwitch((str(managed / "none.toml"),)).obstacles("", home, {})


def test_a_client_that_runs_with_our_variables_can_install_again(own_home: Path) -> None:
    written(own_home, "claude")
    install("claude")
    inside = json.loads((own_home / FILES["claude"][0]).read_text())["env"]
    assert "set up already" in install("claude", **inside).stderr


def test_a_shell_that_has_read_the_file_starts_copilot_with_its_switches(own_home: Path) -> None:
    install("copilot")
    program = own_home / "bin" / "copilot"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "$COPILOT_OTEL_ENABLED $OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_HEADERS $*"\n'
    )
    program.chmod(0o755)
    script = '. "$1"; PATH="$2:$PATH"; copilot -p "a b"; echo "<$COPILOT_OTEL_ENABLED>"'
    words = ["sh", "-c", script, "sh", str(own_home / FILES["copilot"][0]), str(program.parent)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines() == [f"true http://127.0.0.1:8378 x-claude-top-token={token()} -p a b", "<>"]


@pytest.mark.parametrize("client", ["claude", "gemini"])
def test_what_a_client_is_told_is_what_the_receiver_accepts(own_home: Path, client: str) -> None:
    install(client)
    settings = json.loads((own_home / FILES[client][0]).read_text())
    with receiving() as receiver:
        if client == "claude":
            name, _, value = settings["env"]["OTEL_EXPORTER_OTLP_HEADERS"].partition("=")
            reply = post(receiver.status.port, numbered(1), secret="", **{name: value})
        else:
            path = settings["telemetry"]["otlpEndpoint"].split("8378", 1)[1] + "/v1/logs"
            reply = post(receiver.status.port, numbered(1), path, secret="")
        assert reply.status == 200
    assert len(lines()) == 1
