"""A terminal driver that sleeps until there is a key, and lets the program end when its terminal is gone.

Textual's wakes ten times a second to look whether it should end, and never gives up on a terminal that accepts nothing.
Must not know what keys mean.
"""

from __future__ import annotations

import os
import selectors
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, Final, TextIO

from textual._parser import ParseError
from textual.drivers.linux_driver import LinuxDriver

from claude_tui.ui.terminal.drivers.typed import Typed

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


class Outlet:
    """A terminal to write to that may go away: `lost` is called once, and from then on nothing is written."""

    def __init__(self, file: TextIO, lost: Callable[[], None]) -> None:
        self._file = file
        self._lost = lost
        self._is_lost = False

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def write(self, text: str) -> None:
        """Write, as far as there is a terminal."""
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        """Write out what was kept."""
        self._try(self._file.flush)

    def _try(self, work: Callable[[], object]) -> None:
        if self._is_lost:
            return
        try:
            work()
        except (OSError, ValueError):
            self._is_lost = True
            self._give_up()
            self._lost()

    def _give_up(self) -> None:
        """Let what Python still keeps of it go nowhere: it would fail once more at the end."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)


class QuietDriver(LinuxDriver):
    """Reads keys as Textual's driver does, and does nothing in between.

    A terminal that is gone counts as SIGHUP, which does not reach everybody whose terminal goes.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.exit_event: Bell = Bell()
        self._file: Any = Outlet(self._file, self._lost)

    def write(self, data: str) -> None:
        """Write; nothing if the terminal was gone before the screen could be begun."""
        if self._writer_thread is not None:
            super().write(data)

    def _lost(self) -> None:
        if not self.exit_event.is_set():
            os.kill(os.getpid(), signal.SIGHUP)  # not of this thread: the main one may wait for something

    def stop_job(self) -> None:
        """Leave the screen and stop the whole job, as the key does in a terminal that nobody reads keys from.

        A script or launcher that started the program and waits for it is stopped with it: otherwise the
        shell would hear of nothing.
        """
        self._stop(0)

    def _sigtstp_application(self, *_: Any) -> None:
        """Leave the screen and stop: somebody else says so, to us alone or to everybody."""
        self._stop(os.getpid())

    def _stop(self, process_id: int) -> None:
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        # Not SIGSTOP, which stops for ever where there is no shell to tell us to go on: this one is ignored there.
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(process_id, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        if self._must_signal_resume:
            self._sigcont_application()

    def _sigcont_application(self, *_: Any) -> None:
        """Show the screen again after a stop, and draw all of it.

        A process that lost its terminal is also told to continue, and so is one that was stopped from outside: its
        screen was never left, and a second set of threads for it would not end with the first.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        if self._app._loop is not None:
            # A `PaintedApp` has to hear that it does not know any more what the terminal shows.
            self._app._loop.call_soon_threadsafe(getattr(self._app, "repaint", self._app.refresh))

    def run_input_thread(self) -> None:
        """Pass on what is typed, until the event says to end."""
        keys = Typed(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.SelectSelector() as selector:
            selector.register(self.exit_event, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                # An escape that nothing follows in time is a key of its own, else it begins another one's name.
                ready = [key.fileobj for key, _ in selector.select(keys.wait_s)]
                if self.fileno in ready:
                    try:
                        typed = os.read(self.fileno, READ_BYTES)
                    except OSError:  # what Linux says of a terminal that is gone
                        typed = b""
                    if not typed:  # the end, which would be there to read for ever
                        selector.unregister(self.fileno)
                        self._lost()
                    text = decode(typed)  # empty where it ends within a character
                    for message in keys.feed(text):
                        self.process_message(message)
                for message in keys.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):
            keys.end()
