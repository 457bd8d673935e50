from __future__ import annotations

import asyncio
import os
import selectors
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from claude_tui.ui.terminal.drivers.quiet_driver import Outlet, QuietDriver
from tests.logs import ClaudeHome, assistant, usage
from tests.ui.terminal import Terminal

PATIENCE_S = 30.0
TYPED = (
    (b"a", 1),
    (b"\x1b", 1),  # alone, so time ends it
    (b"\x1b[A", 1),
    (b"\xe6\x97", 0),  # ends within a character
    (b"\xa5b", 2),
    (b"\x1b[200~pas", 0),
    (b"ted\x1b[201~q", 2),
    (b"\x1b[<0;3;4M", 1),
)
"""What a terminal sends at a time, and how many messages it is understood as."""


class Typing:
    """A driver whose keys come from a pipe."""

    def __init__(self, kind: type[LinuxDriver]) -> None:
        self.driver = kind(App[None]())
        self.driver.fileno, self.terminal = os.pipe()
        self.driver.process_message = self._hear  # type: ignore[method-assign]
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._reading = self._read()

    def _hear(self, message: Message) -> None:
        self._loop.call_soon_threadsafe(self._heard.put_nowait, message)

    def _read(self) -> asyncio.Task[None]:
        return asyncio.create_task(asyncio.to_thread(self.driver.run_input_thread))

    async def hear(self, text: bytes, messages: int) -> list[str]:
        os.write(self.terminal, text)
        heard = [await asyncio.wait_for(self._heard.get(), PATIENCE_S) for _ in range(messages)]
        return [message.key if isinstance(message, Key) else repr(message) for message in heard]

    async def stop(self) -> None:
        self.driver.exit_event.set()
        await asyncio.wait_for(self._reading, PATIENCE_S)
        self.driver.exit_event.clear()

    async def restart(self) -> None:
        await self.stop()
        self._reading = self._read()


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


async def test_what_is_typed_is_understood_as_textual_understands_it() -> None:
    found = {}
    for kind in (LinuxDriver, QuietDriver):
        typing = Typing(kind)
        found[kind] = [await typing.hear(*typed) for typed in TYPED]
        await typing.stop()
    assert found[QuietDriver] == found[LinuxDriver]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """How long it is waited for, each time it is."""
    found: list[float | None] = []

    class Selector(selectors.SelectSelector):
        def select(self, timeout: float | None = None) -> Any:
            found.append(timeout)
            return super().select(timeout)

    monkeypatch.setattr(selectors, "SelectSelector", Selector)
    return found


async def test_it_wakes_for_keys_and_its_end_alone_and_begins_again_where_it_ended(waits: list[float | None]) -> None:
    typing = Typing(QuietDriver)
    assert await typing.hear(b"a", 1) == ["a"]
    for _ in range(3):  # as for an editor
        await typing.restart()
        assert await typing.hear(b"b", 1) == ["b"]
    await typing.stop()
    assert set(waits) == {None} and len(waits) <= 8


async def test_the_end_of_what_is_typed_counts_as_a_hangup_and_keeps_nobody_busy(waits: list[float | None]) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told.set)
    typing = Typing(QuietDriver)
    assert await typing.hear(b"a", 1) == ["a"]
    os.close(typing.terminal)
    await asyncio.wait_for(told.wait(), PATIENCE_S)
    await typing.stop()
    assert len(waits) <= 3


def test_a_terminal_that_takes_nothing_any_more_is_told_once_and_written_to_no_more() -> None:
    told: list[int] = []
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        outlet = Outlet(file, lambda: told.append(1))
        outlet.write("a")
        outlet.flush()
        os.close(reading)
        for _ in range(3):
            outlet.write("b" * 100_000)
            outlet.flush()
    assert told == [1]  # and closing the file did not fail


async def test_who_was_never_stopped_begins_nothing_when_told_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(LinuxDriver, "start_application_mode", lambda self: begun.append(1))
    driver = QuietDriver(App[None]())
    os.kill(os.getpid(), signal.SIGCONT)
    assert begun == []
    driver._must_signal_resume = True  # as after Ctrl+Z
    os.kill(os.getpid(), signal.SIGCONT)
    assert begun == [1]


def test_keys_are_the_editors_while_there_is_one_and_then_the_apps_again(
    own_home: Path, claude_home: ClaudeHome
) -> None:
    editor = own_home / "editor"
    editor.write_text('#!/bin/sh\nprintf "EDITING\\n"; read line; printf "TYPED<$line>\\n"; read line\n')
    editor.chmod(0o755)
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000), cwd="/home/user/webshop"))
    with Terminal(own_home, "--view", "sessions", PAGER=str(editor)) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$3.00" in text, "the first picture")
        terminal.press("\r")
        terminal.wait_for(lambda text: "responses ›" in text, "the responses")
        for _ in range(2):
            terminal.press("e")
            terminal.wait_for(lambda text: "EDITING" in text, "the editor")
            terminal.press("2 is for the editor\r")
            terminal.wait_for(lambda text: "TYPED<2 is for the editor>" in text, "what the editor got")
            terminal.press("\r")
            terminal.wait_for(lambda text: "$3.00" in text and "EDITING" not in text, "the app")
        terminal.press("2")
        terminal.wait_for(lambda text: "²models" in text, "another view")
        assert terminal.leave() == 0


def test_ctrl_c_in_the_reader_of_a_log_is_not_the_apps(own_home: Path, claude_home: ClaudeHome) -> None:
    reader = own_home / "reader"
    reader.write_text('#!/bin/sh\nkill -INT $PPID\nprintf "READING\\n"; read line\n')
    reader.chmod(0o755)
    claude_home.append(assistant("m1", 1_780_000_000_000, usage(output=200_000), cwd="/home/user/webshop"))
    with Terminal(own_home, "--view", "sessions", PAGER=str(reader)) as terminal:
        terminal.wait_for(lambda text: "● live" in text and "$3.00" in text, "the first picture")
        terminal.press("\r")
        terminal.wait_for(lambda text: "responses ›" in text, "the responses")
        terminal.press("e")
        terminal.wait_for(lambda text: "READING" in text, "the reader")
        terminal.press("\r")
        terminal.wait_for(lambda text: "$3.00" in text and "READING" not in text, "the app")
        terminal.press("2")
        terminal.wait_for(lambda text: "²models" in text, "another view")
        assert terminal.leave() == 0
