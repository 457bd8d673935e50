"""A terminal driver that sleeps until there is a key. Textual's wakes ten times a second to look whether it is to end.

Must not know what keys mean.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Any, Final

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

READ_BYTES: Final = 4096


class Bell(Event):
    """An event that a selector can wait for, together with files."""

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._writing = os.pipe()

    def fileno(self) -> int:
        """Return the file that has something to read while the event is set."""
        return self._reading

    def set(self) -> None:
        """Set it, and wake who waits."""
        if not self.is_set():
            super().set()
            os.write(self._writing, b"\0")

    def clear(self) -> None:
        """Take it back."""
        if self.is_set():
            super().clear()
            os.read(self._reading, 1)


class QuietDriver(LinuxDriver):
    """Reads keys as Textual's driver does, and does nothing in between."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.exit_event: Bell = Bell()

    def run_input_thread(self) -> None:
        """Pass on what is typed, until the event says to end."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.SelectSelector() as selector:
            selector.register(self.exit_event, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                # An escape that nothing follows in time is a key of its own, else it begins another one's name.
                escape_ends_s = parser._timeout_time
                wait_s = None if escape_ends_s is None else max(0.0, escape_ends_s - monotonic())
                ready = [key.fileobj for key, _ in selector.select(wait_s)]
                if self.fileno in ready:
                    typed = os.read(self.fileno, READ_BYTES)
                    if not typed:  # the end of a pipe, which would be there to read for ever
                        selector.unregister(self.fileno)
                    text = decode(typed)  # empty where it ends within a character
                    for message in parser.feed(text) if text else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            list(parser.feed(""))
