"""What is published beside what was settled anew: nothing published may get smaller because a push cannot be read.

Must not know why something was not settled.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from claude_tui.fleet.lake import Lake, LakeError
from claude_tui.fleet.parquet import read_parquet
from claude_tui.fleet.table.responses import COUNTERS

_SIZES = pa.schema([("key", pa.int64()), ("counted", pa.int64())])


def lost_of(lake: Lake, settled: Iterable[bytes], elsewhere: array[int]) -> int:
    """Return how many published responses are not among the settled ones, or count for less there.

    `settled` are objects of single responses, `elsewhere` the keys of what now counts as another response. Prices are
    not compared: they change. Raises LakeError if what is published cannot be read.
    """
    known = pa.table({"key": pa.array(elsewhere, pa.int64()), "counted": [2**62] * len(elsewhere)}, schema=_SIZES)
    known = pa.concat_tables([known, *(_sizes(read_parquet(data)) for data in settled)])
    lost = 0
    for name in lake.names("responses"):
        try:
            published = _sizes(read_parquet(lake.read(name)))
        except (pa.ArrowException, ValueError, KeyError, TypeError):
            raise LakeError(f"{lake.url}: {name} is damaged as well, so it is not known what was published") from None
        except FileNotFoundError:
            continue
        both = published.join(known, "key", right_suffix="_now")
        lost += pc.sum(pc.less(pc.fill_null(both.column("counted_now"), -1), both.column("counted"))).as_py() or 0
    return lost


def _sizes(responses: Any) -> Any:
    """Return what each response counts, with what is billed beside it."""
    counted = reduce(pc.add, (responses.column(name) for name in COUNTERS))
    table = pa.table({"key": responses.column("key"), "counted": counted})
    kept = table.filter(pc.is_valid(table.column("key")))
    sums = kept.group_by("key").aggregate([("counted", "sum")])
    return sums.rename_columns({"counted_sum": "counted"}).select(_SIZES.names)
