"""Does something in a thread while a command goes on, which waits for it before it ends. Must not know what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Thread


@contextmanager
def beside() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Yield what calls something in a thread. At the end all these calls are over, however it came to the end."""
    threads: list[Thread] = []

    def call(work: Callable[[], object]) -> None:
        from threading import Thread  # not for those who have nothing to do beside

        thread = Thread(target=work, name="beside")
        thread.start()
        threads.append(thread)

    try:
        yield call
    finally:
        for thread in threads:
            thread.join()
