"""Rows as text for the clipboard and as CSV for other programs. Pure but for the writing."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from claude_tui import files
from claude_tui.ui.table.columns import Column
from claude_tui.ui.text.drawings.bars import NOTHING

WIDE = 400
"""Width at which every cell says all it can."""


def cells(columns: Sequence[Column[Any]], row: Any) -> list[str]:
    """The texts of a row's cells, drawings left out."""
    return [_text(column, row) for column in columns]


def _text(column: Column[Any], row: Any) -> str:
    """All that a cell says; of a drawing that grows what it says in words."""
    return column.draw(row, column.width if column.grows else WIDE).text.strip()


def fields(columns: Sequence[Column[Any]], row: Any) -> list[str]:
    """What a file says of a row: figures in full, nothing if there is nothing to say."""

    def field(column: Column[Any]) -> str:
        text = column.plain(row) if column.plain else _text(column, row)
        return "" if text == NOTHING else text

    return [field(column) for column in columns]


def plain_columns(columns: Iterable[Column[Any]]) -> list[Column[Any]]:
    """The columns that say something in words or figures."""
    return [column for column in columns if column.id not in {"bar", "spark"}]


def as_line(columns: Sequence[Column[Any]], row: Any) -> str:
    """A row as one line, cells separated by tabs."""
    return "\t".join(text for text in cells(plain_columns(columns), row) if text)


def as_csv(columns: Sequence[Column[Any]], rows: Iterable[Any]) -> str:
    """Rows as CSV with a header. A text a spreadsheet would calculate is marked as text with an apostrophe."""
    chosen = plain_columns(columns)
    out = io.StringIO()
    import csv  # for those who export

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.label or column.id for column in chosen])
    for row in rows:
        writer.writerow([f"'{text}" if text[:1] in "=+-@" and text[:1] else text for text in fields(chosen, row)])
    return out.getvalue()


def free_name(folder: Path, name: str) -> str:
    """Return the name of a file that is not in a folder yet: `name.csv`, `name-2.csv` and so on."""
    names = (f"{name}.csv", *(f"{name}-{number}.csv" for number in range(2, 1000)))
    return next((one for one in names if not os.path.lexists(folder / one)), names[0])


def write(path: Path, text: str, *, replaces: bool) -> None:
    """Write a file. Raises OSError, a FileExistsError if it is there already and not `replaces`."""
    if not replaces:
        path.open("x").close()
    try:
        files.replace(path, text.encode("utf-8", "backslashreplace"))
    except OSError:
        if not replaces:
            path.unlink(missing_ok=True)  # its name was taken for it
        raise
