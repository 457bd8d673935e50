"""What all fuzzers share: logs of mutated lines are read in every way and the outcomes compared, until two differ.

The order of random draws is part of a seed's meaning: whoever changes it makes old seeds say something else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from claude_tui.sources.protocol import Checkpoint
from tests.fuzz.mutations import Mutation, Pool

Piece = TypeVar("Piece")
"""A line, or a row of a database."""
Content = TypeVar("Content", bytes, Sequence[tuple[Any, ...]])
"""What of pieces stands in a log: can be divided anywhere."""

Compared = tuple[list[str], Checkpoint]
"""What the ways of reading a log disagree about, and the checkpoint they reached."""


class Fuzzer(ABC, Generic[Piece, Content]):
    """Makes logs, mutates what is in them and compares the ways to read them."""

    mutations: ClassVar[Sequence[Mutation]]
    length: ClassVar = 60
    """Pieces of a log."""
    whole_of = 1
    """Of so many logs one is compared whole, where parts are compared as well (`PartsFuzzer`)."""
    pool: Pool

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.counts: Counter[str] = Counter()

    @abstractmethod
    def make(self, length: int) -> list[Piece]:
        """Make so many pieces of one log, some or most of them mutated."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Draw how logs are read, and read them so."""

    @abstractmethod
    def content(self, made: Sequence[Piece]) -> Content:
        """Return pieces as they stand in a log."""

    @abstractmethod
    def write(self, content: Content, *, is_more: bool = False) -> None:
        """Write the log anew, or more behind what it has."""

    @abstractmethod
    def differences(self, since: Checkpoint | None = None) -> Compared:
        """Read the log in every way."""

    def run(self, pieces: int) -> list[str]:
        """Compare until so many were compared. Returns the disagreements of the first log that has any, and the least
        that shows them."""
        while self.counts["lines"] < pieces:
            _, found = self.run_one()
            if found:
                return found
        return []

    def run_one(self) -> tuple[list[Piece], list[str]]:
        """Make one log, and compare it if it is its turn. Returns its pieces, and what `run` does."""
        made: list[Piece] = self.make(self.length)
        self.counts["lines"] += len(made)
        is_its_turn = self.counts["files"] % self.whole_of == 0
        with self.reading():
            found: list[str] = self.compare(made) if is_its_turn else []
            least: list[Piece] = self.least(made, self._differs) if found else []
        self.counts["files"] += 1
        return made, [*found, *map(repr, least)]

    def compare(self, made: Sequence[Piece]) -> list[str]:
        """Compare one log: at once, and read as it grew."""
        content = self.content(made)
        half = len(content) // 2
        self.write(content)
        found, _ = self.differences()
        if found:
            return found
        self.write(content[:half])
        found, checkpoint = self.differences()
        self.write(content[half:], is_more=True)
        more, _ = self.differences(checkpoint)
        return found + more

    def _differs(self, made: list[Piece]) -> bool:
        return bool(self.compare(made))

    def least(self, made: list[Piece], differs: Callable[[list[Piece]], bool]) -> list[Piece]:
        """Leave out pieces as long as the ways still disagree."""
        size = len(made) // 2
        while size:
            for start in range(0, len(made), size):
                fewer = made[:start] + made[start + size :]
                if fewer and differs(fewer):
                    made = fewer
                    break
            else:
                size //= 2
        return made

    def mutated(self, line: bytes, times: int) -> bytes:
        """Mutate a line so many times."""
        for _ in range(times):
            mutate = self.chance.choice(self.mutations)
            self.counts[mutate.__name__] += 1
            line = mutate(self.chance, line, self.pool)
        return line


class LogFuzzer(Fuzzer[bytes, bytes]):
    """Of logs that are files of lines."""

    path: Path

    def content(self, made: Sequence[bytes]) -> bytes:
        """Return lines as they stand in a file, whose last one not always has an end."""
        return b"\n".join(made) + (b"\n" if len(made[-1]) % 4 else b"")

    def write(self, content: bytes, *, is_more: bool = False) -> None:
        """Write the file anew, or more behind what it has."""
        with self.path.open("ab" if is_more else "wb") as log:
            log.write(content)

    def woven(self, lines: Sequence[bytes], length: int, times: Sequence[int]) -> list[bytes]:
        """Make lines of a real log's: some mutated as often as is drawn of `times`, some of other logs between them."""
        chance = self.chance
        made: list[bytes] = []
        share = chance.choice((0.1, 0.4, 1.0))
        while len(made) < length:
            one = lines[len(made) % len(lines)] if chance.random() < 0.85 else chance.choice(self.pool)
            made.append(self.mutated(one, chance.choice(times) if chance.random() < share else 0))
        return made


class Drawn(Protocol):
    """A fuzzer of any pieces."""

    @property
    def counts(self) -> Counter[str]: ...

    def run(self, pieces: int, /) -> list[str]: ...


class Fuzzers:
    """Several fuzzers, one after the other."""

    def __init__(self, fuzzers: Sequence[Drawn]) -> None:
        self.fuzzers = fuzzers

    @property
    def counts(self) -> Counter[str]:
        """What all of them counted."""
        return sum((fuzzer.counts for fuzzer in self.fuzzers), Counter())

    def run(self, pieces: int) -> list[str]:
        """Compare until each has compared so many. Returns the disagreements of the first log that has any."""
        for fuzzer in self.fuzzers:
            found = fuzzer.run(pieces)
            if found:
                return found
        return []
