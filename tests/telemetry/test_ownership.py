"""One process receives at a time, and the next takes over when it goes, however it goes."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

from claude_tui.paths import config_folder, state_folder
from claude_tui.telemetry.ownership import is_owned
from claude_tui.telemetry.receiver import Receiver
from claude_tui.telemetry.status import load
from tests.cli.program import run
from tests.cli.serve.test_serve import start, stop
from tests.logs import ClaudeHome
from tests.telemetry.posting import lines, numbered, numbers_in, post, receiving, wait_for
from tests.telemetry.running import free_port, running


def test_the_next_takes_over_when_the_owner_is_killed() -> None:
    port = free_port()
    with running(port) as first:
        first.says(f"receiving on 127.0.0.1:{port}")
        assert post(port, numbered(1)).status == 200
        with running(port) as second:
            second.says(f"telemetry run (process {first.process.pid}) receives")
            first.kill()
            second.says("receiving on")
            assert post(port, numbered(2)).status == 200
            assert second.end() == 0
    assert numbers_in(lines()) == [1, 2]
    assert not is_owned(state_folder())


def test_receivers_of_one_process_take_turns_too() -> None:
    changed = threading.Event()
    second = Receiver("screen", 0, on_change=changed.set)
    with receiving() as first:
        second.start()
        assert post(first.status.port, numbered(1)).status == 200
        assert second.state == "waiting"
    wait_for(second, changed, "receiving")
    assert post(second.status.port, numbered(2)).status == 200
    second.stop()
    assert numbers_in(lines()) == [1, 2]


def test_one_that_still_waits_can_be_stopped_and_never_receives() -> None:
    with receiving():
        waiting = Receiver("screen", 0)
        waiting.start()
        waiting.stop()
    with receiving() as third:
        assert third.state == "receiving"
    assert waiting.state == "waiting"


def test_a_port_that_another_program_has_is_said_and_taken_when_it_is_free() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    with contextlib.closing(taken), running(taken.getsockname()[1]) as receiver:
        receiver.says("another program has it")
        told = json.loads(run("telemetry", "status", "--json").text)
        assert told["state"] == "away"
        assert "another program" in told["receiver"]["trouble"]
        taken.close()
        receiver.says("receiving on")


def test_status_tells_who_receives_what_arrived_and_what_was_refused() -> None:
    assert run("telemetry", "status").code == 1
    with receiving(role="screen") as receiver:
        post(receiver.status.port, numbered(1, 2))
        post(receiver.status.port, numbered(3), secret="not the token, but long")
        receiver.stop()
    with receiving(role="screen") as receiver:
        told = run("telemetry", "status")
        assert told.code == 0
        assert f"receives on port {receiver.status.port}" in told.text
        assert "Claude Code: 2 responses" in told.text
        assert "1 post without the token" in told.text
        document = json.loads(run("telemetry", "status", "--json").text)
        assert document["receiver"]["role"] == "screen"
        assert document["kept"]["claude"]["count"] == 2
        assert document["refused"]["without the token"]["count"] == 1
    gone = run("telemetry", "status")
    assert gone.code == 1
    assert "nothing receives telemetry now" in gone.text
    assert "2 responses" in gone.text


def test_serve_receives_if_the_settings_want_it(claude_home: ClaudeHome) -> None:
    port = free_port()
    config_folder().mkdir(parents=True)
    (config_folder() / "config.toml").write_text(f"[telemetry]\non = true\nport = {port}\n")
    with running(port) as first:
        first.says("receiving on")
        served = start()
        first.kill()
        while load(state_folder()).role != "serve":
            assert served.process.poll() is None
            time.sleep(0.02)
        assert post(port, numbered(1)).status == 200
        assert stop(served)[0] == 0
    assert numbers_in(lines()) == [1]
    assert not is_owned(state_folder())
