"""A public class name names one thing: a reader who searches for it finds one definition."""

import ast
from collections import defaultdict
from pathlib import Path

import claude_tui


def test_public_class_names_are_unique() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    root = Path(claude_tui.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(root).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
