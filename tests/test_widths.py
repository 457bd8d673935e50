from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_tui.widths import cut_folders, width


@pytest.mark.parametrize(
    ("path", "room", "shown"),
    [
        ("/home/mira/code/api", 40, "/home/mira/code/api"),
        ("/home/mira/code/api", 12, "…/code/api"),
        ("/home/mira/code/api", 10, "…/code/api"),
        ("/home/mira/code/api", 9, "…/api"),
        ("/home/mira/code/apiserver", 6, "…erver"),
        ("C:\\work\\api", 6, "…k\\api"),
    ],
)
def test_a_path_is_cut_between_its_folders(path: str, room: int, shown: str) -> None:
    assert cut_folders(path, room) == shown


@given(st.text("/aé漢", max_size=30), st.integers(0, 30))
def test_the_end_of_a_path_fits(path: str, room: int) -> None:
    shown = cut_folders(path, room)
    assert width(shown) <= room
    assert path.endswith(shown.removeprefix("…"))
