"""For which machines a wheel with the native core says it is."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HOOK = Path(__file__).parents[2] / "hatch_build.py"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build hook, without hatchling, which only a build needs."""
    interface: Any = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = list
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    pytest.importorskip("packaging.tags")
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize(
    ("system", "machine", "oldest", "tag"),
    [
        ("linux", "x86_64", "", "linux_x86_64"),
        ("linux", "aarch64", "11.0", "linux_aarch64"),
        ("darwin", "arm64", "11.0", "macosx_11_0_arm64"),
        ("darwin", "x86_64", "12", "macosx_12_0_x86_64"),
    ],
)
def test_a_wheel_is_for_its_processor_and_the_oldest_system(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, machine: str, oldest: str, tag: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", oldest)
    assert hook._platform_tag() == tag
