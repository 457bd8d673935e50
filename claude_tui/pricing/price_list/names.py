"""From a model name in a log to the id in a price table, and the route of the request.

Only exact names: a price is never found by prefix or similarity. Must not know any price.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from claude_tui.records import NamedTuple

SYNTHETIC: Final = "<synthetic>"
"""The model name Claude Code writes for a message it made itself."""

BEDROCK_REGIONAL: Final = "bedrock_regional"
BEDROCK_GLOBAL: Final = "bedrock_global"
OPENROUTER: Final = "openrouter"
VERTEX: Final = "vertex"

_BEDROCK = re.compile(r"(?:(?P<geo>[a-z0-9-]+)\.)?anthropic\.(?P<id>.+?)(?:-v\d+(?::[0-9a-z:]+)?)?")
_VERTEX = re.compile(r"(?P<id>.+?)(?:-v\d+)?@(?P<version>\d{8}|default|latest)")
_DATE = re.compile(r"-\d{8}$")
_ANY_DATE = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2})$")

_PROVIDERS: Final = {
    "alibaba": "qwen",
    "dashscope": "qwen",
    "gemini": "google",
    "google-vertex": "google",
    "mistralai": "mistral",
    "models": "google",
    "moonshot": "moonshotai",
    "vertex_ai": "google",
    "xai": "x-ai",
    "z-ai": "zai",
    "zai-coding-plan": "zai",
    "zhipuai-coding-plan": "zhipuai",
}
"""Names that clients and routers use for a provider, if the table has another name."""

_COPILOT: Final = ("copilot/", "github-copilot/", "github_copilot/")
"""How routers write that GitHub's Copilot serves a model."""

_RESELLERS: Final = frozenset({"azure", "opencode", "openrouter", "vercel", *(one.rstrip("/") for one in _COPILOT)})
"""Providers of other vendors' models: the vendor's list price is the estimate."""

_OPENCODE_PREFIXES: Final = {
    "amazon-bedrock/": "bedrock/",
    "anthropic/": "",
    "google-vertex-anthropic/": "vertex_ai/",
    **{f"{reseller}/": "" for reseller in _RESELLERS - {"openrouter"}},
}
"""What OpenCode's provider part means for a Claude model, in the terms of the other route prefixes."""


class Name(NamedTuple):
    """A model's id without decoration. `route` is "" for the vendor's own API; `is_fast` if the name says so."""

    id: str
    route: str = ""
    is_fast: bool = False


def claude_name(raw: str) -> Name:
    """Remove the decoration of a Claude model's name: route prefixes, context suffix, cloud and router spelling."""
    name = raw.strip().lower().replace("[1m]", "")
    name = next((name.removeprefix(one) for one in _COPILOT if name.startswith(one)), name)
    route = ""
    if name.startswith(("arn:", "bedrock/")):
        name = name.rsplit("/", 1)[-1]
        route = BEDROCK_REGIONAL
    elif name.startswith("vertex_ai/"):
        name = name.removeprefix("vertex_ai/")
        route = VERTEX
    elif name.startswith(("openrouter/", "anthropic/")):
        name = name.removeprefix("openrouter/").removeprefix("anthropic/")
        route = OPENROUTER
    cloud = _BEDROCK.fullmatch(name)
    if cloud:
        return Name(cloud["id"], BEDROCK_GLOBAL if cloud["geo"] == "global" else BEDROCK_REGIONAL)
    google = _VERTEX.fullmatch(name)
    if google:
        version = google["version"]
        return Name(f"{google['id']}-{version}" if version.isdigit() else google["id"], VERTEX)
    if route == OPENROUTER:
        name = name.split(":", 1)[0].replace(".", "-")
        if name.endswith("-fast"):
            return Name(name.removesuffix("-fast"), route, is_fast=True)
    return Name(name, route)


def find_claude(name: Name, known: Container[str]) -> str | None:
    """Return the spelling of a name that a table knows: as it is, without its date, or with dashes for dots."""
    return next((id_ for id_ in _spellings(name.id) if id_ in known), None)


def from_opencode(raw: str) -> str:
    """Rewrite OpenCode's provider/model so that its provider part names the route as elsewhere."""
    name = raw.strip().lower()
    for prefix, route in _OPENCODE_PREFIXES.items():
        if name.startswith(prefix):
            return route + name.removeprefix(prefix)
    return name


def other_names(raw: str) -> list[str]:
    """List the exact spellings under which another vendor's model may be in a table, most likely first.

    A model of a provider belongs to that provider only; through a reseller it belongs to the vendor.
    """
    name = raw.strip().lower().removeprefix("openrouter/")
    provider, slash, model = name.partition("/")
    if not slash:
        spelled = name
    elif provider in _RESELLERS:
        spelled = model
    else:
        spelled = f"{_PROVIDERS.get(provider, provider)}/{model}"
    return list(dict.fromkeys((spelled, _ANY_DATE.sub("", spelled))))


def _spellings(name: str) -> list[str]:
    undated = _DATE.sub("", name)
    return list(dict.fromkeys((name, undated, name.replace(".", "-"), undated.replace(".", "-"))))
