"""Fuzzing of readers that have a native core: lines are compared in many small logs, which one call of the core reads.

In one large log there is nearly always a line at which the core ends, or for which it leaves all to Python.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, TypeVar

from claude_tui.native import library
from tests.fuzz.fuzzer import LogFuzzer

Native = TypeVar("Native")
"""What the core read of a log."""


class Part(NamedTuple):
    """Lines that are compared in a log of their own.

    `start`: usual lines that stand before them. `is_tried`: the core reads each of them alone. `is_left`: none of them.
    """

    lines: Sequence[bytes]
    start: Sequence[bytes] = ()
    is_tried: bool = False
    is_left: bool = False

    def halves(self, at: int) -> list[Part]:
        """Divide it."""
        return [self._replace(lines=self.lines[:at]), self._replace(lines=self.lines[at:])]


class PartsFuzzer(LogFuzzer, Generic[Native]):
    """Compares whole logs, and parts of them as large as the core reads them."""

    at_once: ClassVar = 20
    """Logs whose parts are compared together."""

    def __init__(self, seed: int, whole_of: int) -> None:
        super().__init__(seed)
        self.whole_of = whole_of
        self.has_core = library.found().core is not None  # it is tried before anything is read in another way

    @abstractmethod
    def parts(self, made: Sequence[bytes]) -> list[Part]:
        """Divide the lines of the log that was made last, as a first try."""

    @abstractmethod
    def framed(self, part: Part) -> bytes:
        """Return a part as it stands in its log."""

    @abstractmethod
    def place(self, number: int) -> Path:
        """Return where the log of a part is written."""

    @abstractmethod
    def natively(self, parts: Sequence[Part], paths: Sequence[Path]) -> list[Native | None]:
        """Read logs with one call of the core. None where it leaves all of one."""

    @abstractmethod
    def read_of(self, part: Part, native: Native | None) -> int | None:
        """Return how many of a part's lines the core read; None if other parts of them are to be compared instead."""

    @abstractmethod
    def again(self, unread: Sequence[tuple[Part, Native | None]]) -> list[Part]:
        """Divide anew what is not to be compared as it is."""

    @abstractmethod
    def disagreements(self, path: Path, native: Native | None) -> list[str]:
        """Read the log of a part in the other ways, and compare."""

    def run(self, pieces: int) -> list[str]:
        """Compare until so many were compared, as `Fuzzer` does, and their parts."""
        while self.counts["lines"] < pieces:
            parts: list[Part] = []
            for _ in range(self.at_once):
                made, found = self.run_one()
                if found:
                    return found
                parts += self.parts(made) if self.has_core else []
                if self.counts["lines"] >= pieces:
                    break
            found = self.compare_parts(parts)
            if found:
                return found
        return []

    def compare_parts(self, parts: list[Part]) -> list[str]:
        """Compare parts, divided so that the core leaves little of them. Returns the disagreements of the first that
        has any, and the least that shows them."""
        while parts:
            unread: list[tuple[Part, Native | None]] = []
            for part, path, native in self.read(parts):
                read = self.read_of(part, native)
                if read is None:
                    unread.append((part, native))
                    continue
                self.counts["read natively"] += read
                found = self.disagreements(path, native)
                if found:
                    return [*found, *map(repr, self._least(part))]
            parts = self.again(unread)
        return []

    def read(self, parts: Sequence[Part]) -> Iterator[tuple[Part, Path, Native | None]]:
        """Write the logs of parts, and read them natively."""
        paths = [self.place(number) for number in range(len(parts))]
        for part, path in zip(parts, paths, strict=True):
            path.write_bytes(self.framed(part))
        return zip(parts, paths, self.natively(parts, paths), strict=True)

    def _least(self, part: Part) -> list[bytes]:
        """Leave out lines of a part as long as its log is still read in two ways."""

        def differs(lines: list[bytes]) -> bool:
            return any(self.disagreements(path, native) for _, path, native in self.read([part._replace(lines=lines)]))

        return self.least([*part.lines], differs)
