from __future__ import annotations

import pytest

from claude_tui.engine.queries.allowances.blocks import UsageBlock, Window
from claude_tui.engine.queries.allowances.windows import BlocksPicture
from claude_tui.model import Phase, Progress
from claude_tui.ui.text.open_block import EVERY_MS, OpenBlock, left_text
from tests.replacing import replace
from tests.ui.fakes import NOW_MS, FakeSource, snapshot
from tests.ui.helpers import running, screen_text

HOUR_MS = 3_600_000
ESTIMATED = Window(NOW_MS - HOUR_MS, NOW_MS + 4 * HOUR_MS, UsageBlock(NOW_MS - HOUR_MS, NOW_MS + 4 * HOUR_MS), False)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (40, "5h block 4h 00m left, estimated"),
        (23, "5h block ~4h 00m left"),
        (12, "~4h00m left"),
        (6, "~4h00m"),
        (3, ""),
    ],
)
def test_how_long_the_block_is_open_in_the_room_there_is(width: int, text: str) -> None:
    assert left_text(ESTIMATED, NOW_MS, width) == text


def test_a_reported_end_is_no_estimate() -> None:
    reported = replace(ESTIMATED, is_reported=True)
    assert left_text(reported, NOW_MS, 40) == "5h block 4h 00m left, reported"
    assert "~" not in left_text(reported, NOW_MS, 20)


class Counting(FakeSource):
    """Counts how often it is asked for blocks."""

    def __init__(self, picture: BlocksPicture) -> None:
        super().__init__()
        self.picture = picture
        self.asked = 0

    def blocks(self, now_ms: int, account: str = "", /) -> BlocksPicture:
        self.asked += 1
        return self.picture


def test_it_is_asked_for_seldom_and_gone_when_it_is_over() -> None:
    source, block, given = Counting(BlocksPicture(window=ESTIMATED)), OpenBlock(), snapshot()
    for second in range(9):
        assert block.at(source, given, NOW_MS + second * 1000) is ESTIMATED
    assert source.asked == 1
    assert block.at(source, given, NOW_MS + EVERY_MS) is ESTIMATED
    assert source.asked == 2
    assert block.at(source, replace(given, newest_ms=NOW_MS + 4 * HOUR_MS), ESTIMATED.end_ms) is None


def test_what_is_not_loaded_yet_is_asked_for_again() -> None:
    source, block = Counting(BlocksPicture(is_loaded=False)), OpenBlock()
    assert block.at(source, snapshot(), NOW_MS) is None
    source.picture = BlocksPicture(window=ESTIMATED)
    assert block.at(source, snapshot(), NOW_MS + 1) is ESTIMATED


def test_nothing_is_asked_while_logs_are_read_or_after_a_long_silence() -> None:
    source, block = Counting(BlocksPicture(window=ESTIMATED)), OpenBlock()
    assert block.at(source, replace(snapshot(), progress=Progress(Phase.SCANNING)), NOW_MS) is None
    assert block.at(source, replace(snapshot(), newest_ms=NOW_MS - 5 * HOUR_MS), NOW_MS) is None
    assert not source.asked


@pytest.mark.parametrize("size", [(160, 50), (120, 36), (80, 24), (60, 15), (40, 8)])
async def test_the_countdown_of_the_block_is_on_screen_at_every_size(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, _):
        text = screen_text(app)
        assert "1h 30m left" in text or "~1h30m" in text
