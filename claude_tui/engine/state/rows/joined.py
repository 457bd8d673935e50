"""Two readings of one file made one. Must not know how either was read."""

from __future__ import annotations

from array import array

from claude_tui.engine.state.rows.interner import Numbers
from claude_tui.engine.state.rows.table import FileRef, ResponseTable, TableEntry, TableNames
from claude_tui.sources.columns import ARRAYS, RARE, Columns


def joined(columns: Columns, more: Columns) -> Columns:
    """Return what two readings of one file say together: of each response what the rule makes of both."""
    table, file = ResponseTable(keep_names=True), array("i", [0])
    owners, models = Numbers(columns.owners), Numbers(columns.models)
    names = TableNames(owners.names, models.names)
    table.files.append(FileRef(columns.source, ""))
    table.row_of.extend(columns.key, 0)
    table.extend(columns, file * len(columns), list(range(len(owners.names))), list(range(len(models.names))))
    numbers = list(map(owners.of, more.owners)), list(map(models.of, more.models))
    fresh = []
    for entry, key in enumerate(more.key):
        row = table.row_of.get(key)
        if row is None:
            fresh.append(entry)
        else:
            found = TableEntry(more, entry, 0, numbers[0][more.owner[entry]], numbers[1][more.model[entry]])
            table.merge(row, found, names)
    table.extend(more.pick(fresh), file * len(fresh), *numbers)
    both = Columns(columns.source)
    both.owners, both.models = owners.names, models.names
    for name in (*ARRAYS, *RARE):
        setattr(both, name, getattr(table, name))
    both.names = [*table.names.values()]
    return both
