"""The driver of a screen in a browser tab, which ends when the server it is drawn for is gone. Textual's stays.

Must not know what is drawn.
"""

from __future__ import annotations

import os
import select
import signal
from threading import Thread
from typing import Any, Final

from textual.drivers.web_driver import WebDriver

NAME: Final = "textual.drivers.web_driver:WebDriver"
"""What textual-serve asks for."""


class ServedDriver(WebDriver):
    """Draws through a pipe and reads from another; when either ends that counts as SIGHUP."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_lost = False
        self._write: Any = self._send

    def start_application_mode(self) -> None:
        """Begin, and hear of a reader that is gone even while nothing is to be sent."""
        super().start_application_mode()
        Thread(target=self._wait_for_end, name="reader gone", daemon=True).start()

    def _wait_for_end(self) -> None:
        reader = select.poll()
        reader.register(self.fileno, 0)  # only errors: that nobody reads any more is one
        reader.poll()
        self._lost()

    def run_input_thread(self) -> None:
        """Pass on what is typed, until there is nobody left to type."""
        super().run_input_thread()
        self._lost()

    def _send(self, data: bytes) -> None:
        if not self._is_lost:
            try:
                os.write(self.fileno, data)
            except OSError:
                self._lost()

    def _lost(self) -> None:
        was_lost, self._is_lost = self._is_lost, True
        if not was_lost and not self.exit_event.is_set():
            os.kill(os.getpid(), signal.SIGHUP)  # not of this thread: the main one may wait for something
