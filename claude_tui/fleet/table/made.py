"""What a merge made of each part, on the local disk until all are settled. Must not know where it is written to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.fleet.parquet import parquet, read_parquet
from claude_tui.fleet.table.daily import DAILY
from claude_tui.fleet.table.machines import NAMES
from claude_tui.fleet.table.published import Held
from claude_tui.fleet.table.settled import Tables, as_written, sums_of

OBJECT_ROWS: Final = 1 << 20
"""Most rows of one object of single responses."""


class Made:
    """The objects of single responses, and the sums of all parts, day by day. `totals` are those of the responses."""

    def __init__(self, folder: Path) -> None:
        self.totals: dict[str, int] = {}
        self._folder = folder
        self._files = 0
        self._objects: dict[str, Path] = {}
        self._days: dict[date, list[tuple[Path, int]]] = {}

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Made]:
        """Give one with a folder of its own, for the duration of the block."""
        with tempfile.TemporaryDirectory(prefix="claude-top-") as folder:
            yield cls(Path(folder))

    @property
    def names(self) -> set[str]:
        """What the objects of single responses are called."""
        return set(self._objects)

    def add(self, part: int, tables: Tables) -> None:
        """Take in what one part is made of; its sums are in order of their days."""
        self._sum(tables.responses, 1)
        for number, start in enumerate(range(0, len(tables.responses), OBJECT_ROWS)):
            path = self._objects[response_name(part, number)] = self._file()
            path.write_bytes(parquet(as_written(tables.responses.slice(start, OBJECT_ROWS))))
        self._add_days(tables.daily)

    def hold(self, part: int, held: Held) -> None:
        """Have what was published of some sessions, as a part of its own, instead of what was made of them."""
        for name, path in list(self._objects.items()):
            table = read_parquet(path.read_bytes())
            kept = held.others(table)
            self._sum(table, -1)
            self._sum(kept, 1)
            if len(kept):
                path.write_bytes(parquet(as_written(kept)))
            else:
                del self._objects[name]
        places = [place for some in self._days.values() for place in some]
        self._days = {}
        for path in dict.fromkeys(path for path, _ in places):
            with pa.OSFile(str(path), "rb") as source:
                self._add_days(held.others(pa.ipc.open_file(source).read_all()))
            path.unlink()
        self.add(part, Tables(held.responses, held.daily))

    def responses(self) -> Iterator[bytes]:
        """Yield the objects of single responses."""
        return (data for _, data in self.objects())

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Yield the objects of single responses with what they are called."""
        for name, path in self._objects.items():
            yield name, path.read_bytes()

    def known_days(self) -> tuple[date, ...]:
        """Return the days, in order."""
        return tuple(sorted(self._days))

    def days(self) -> Iterator[tuple[date, Any]]:
        """Yield the sums of each day, in order of their names."""
        for day in self.known_days():
            batches = []
            for path, number in self._days[day]:
                with pa.OSFile(str(path), "rb") as source:
                    batches.append(pa.ipc.open_file(source).get_batch(number))
            table = pa.Table.from_batches(batches)
            if len(batches) > 1:
                table = table.sort_by([(name, "ascending") for name in NAMES])
            yield day, table.combine_chunks().cast(DAILY)

    def _add_days(self, daily: Any) -> None:
        path = self._file()
        runs = pc.run_end_encode(daily.column("day").combine_chunks())
        start = 0
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, daily.schema) as writer:
            for number, (day, end) in enumerate(zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True)):
                writer.write_batch(daily.slice(start, end - start).combine_chunks().to_batches()[0])
                self._days.setdefault(day, []).append((path, number))
                start = end

    def _sum(self, responses: Any, sign: int) -> None:
        for name, value in sums_of(responses).items():
            self.totals[name] = self.totals.get(name, 0) + sign * value

    def _file(self) -> Path:
        self._files += 1
        return self._folder / f"{self._files}"


def response_name(part: int, number: int) -> str:
    """Return what an object of single responses is called."""
    return f"responses/part={part:04d}/responses{f'-{number}' if number else ''}.parquet"
