"""Rollouts of Codex read by the native core, each as far as its lines are usual, and by Python from there on.

Must not touch the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from claude_tui.engine.state.batch import Packed, pack

if TYPE_CHECKING:
    from claude_tui.engine.scan.reading import FileReader, Task
    from claude_tui.native.core import Core
    from claude_tui.native.rollouts import CoreRollout
    from claude_tui.sources.protocol import ColumnsRead, LogFile


def read_rollouts(
    core: Core, tasks: Sequence[Task], reader: FileReader, threads: int
) -> tuple[list[Packed], list[Task]]:
    """Read whole rollouts. Returns what was read, and the files of which the core read nothing. Raises ValueError if
    the core fails."""
    from claude_tui.native import rollouts
    from claude_tui.native.rollout_probe import is_sound

    if not is_sound(core):
        return [], [*tasks]
    found = rollouts.read_rollouts(
        core, [(task.file.path, task.file.size) for task in tasks], threads=threads, with_names=reader.keep_names
    )
    begun = {one.place for one in found}
    whole = [one for one in found if not one.has_more]
    packs = [] if not whole else [_packed(whole, [tasks[one.place] for one in whole], reader)]
    read = []
    for one in found:
        if one.has_more:
            task = tasks[one.place]
            read.append(reader.read(task, partial(completed, one, task.file, keep_names=reader.keep_names)))
    if read:
        packs.append(pack(read))
    return packs, [task for place, task in enumerate(tasks) if place not in begun]


def _packed(whole: Sequence[CoreRollout], tasks: Sequence[Task], reader: FileReader) -> Packed:
    """Put together rollouts of which the core left nothing."""
    from claude_tui.native.rollouts import read_so_far, read_whole

    packed = reader.packed(tasks, read_whole(whole, [task.file for task in tasks]))
    if packed is None:
        both = zip(tasks, whole, strict=True)
        packed = pack([reader.read(task, partial(read_so_far, one, task.file)) for task, one in both])
    return packed


def completed(one: CoreRollout, file: LogFile, *, keep_names: bool = False) -> ColumnsRead:
    """Read what the core left of a rollout, from where it ended. Raises OSError."""
    from claude_tui.engine.state.rows.joined import joined
    from claude_tui.native.rollouts import read_so_far
    from claude_tui.sources.codex.fast.reader import read_columns

    begun = read_so_far(one, file)
    if not one.has_more:
        return begun
    rest = read_columns(file, begun.checkpoint, keep_names=keep_names)
    if rest.restarted:  # it is another file by now
        return rest._replace(restarted=False)
    facts = rest.facts
    if not facts.last_kind:
        facts = facts._replace(last_kind=begun.facts.last_kind, last_ms=begun.facts.last_ms)
    return rest._replace(
        columns=joined(begun.columns, rest.columns) if begun.columns else rest.columns,
        facts=facts,
        bytes_read=begun.bytes_read + rest.bytes_read,
        lines=begun.lines + rest.lines,
    )
