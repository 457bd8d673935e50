"""All models with a price, found by the exact names in logs. Loads other vendors' models only when one occurs.

Must not know usage or how a price is computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from claude_tui import files
from claude_tui.clients import CLIENTS
from claude_tui.hashes import sha256
from claude_tui.pricing.price_list.names import claude_name, find_claude, from_opencode, other_names
from claude_tui.pricing.price_list.rates import Model, model_from
from claude_tui.records import NamedTuple

DATA_FOLDER: Final = Path(__file__).with_name("data")
CLAUDE_FILE: Final = DATA_FOLDER.joinpath("claude.json")
OTHERS_FILE: Final = DATA_FOLDER.joinpath("others.json")

MAX_NAMES: Final = 4_096
"""Number of model names remembered before all are forgotten: logs may invent names without end."""


PriceFile = Mapping[str, Any]


class ResolvedModel(NamedTuple):
    """A model name of a log, resolved: its price (None if there is none) and the route of the request."""

    model: Model | None
    route: str = ""
    is_fast: bool = False


class ModelFile:
    """One price file: entries by id, and all their other exact names."""

    def __init__(self, content: PriceFile) -> None:
        self.date: str = content["date"]
        self._entries: Mapping[str, Any] = content["models"]
        self._ids = _index(content)
        self._models: dict[str, Model] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._ids

    def __getitem__(self, name: str) -> Model:
        id_ = self._ids[name]
        model = self._models.get(id_)
        if model is None:
            model = self._models[id_] = model_from(id_, self._entries[id_])
        return model


def _index(content: PriceFile) -> dict[str, str]:
    """Return every exact name and the id it means. Ids of the form provider/model are also known by the model alone,
    unless it is only hosted there; the first of the `vendors` that has such a name owns it."""
    ids: dict[str, str] = {}
    owned: dict[str, dict[str, str]] = {vendor: {} for vendor in content.get("vendors", ())}
    for id_, entry in content["models"].items():
        provider, slash, bare = id_.partition("/")
        if not slash:
            ids[id_] = id_
            ids.update(dict.fromkeys(entry.get("aliases", ()), id_))
            continue
        for name in (bare, *entry.get("aliases", ())):
            ids[f"{provider}/{name}"] = id_
            if provider in owned:
                owned[provider][name] = id_
    for names in reversed(owned.values()):
        ids.update(names)
    return ids


class Resolver:
    """Resolves model names of logs and remembers what it found. A subclass says how one name is searched for."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], ResolvedModel] = {}

    def find(self, source: str, raw: str) -> ResolvedModel:
        """Resolve a model name of a log. `source` matters if clients spell providers differently."""
        found = self._found.get((source, raw))
        if found is None:
            if len(self._found) >= MAX_NAMES:
                self._found.clear()
            found = self._found[source, raw] = self._search(source, raw)
        return found

    def _search(self, source: str, raw: str) -> ResolvedModel:
        raise NotImplementedError


class Catalogue(Resolver):
    """All price files together. `digest` changes whenever a price does; `origin` names the publisher of the files."""

    def __init__(self, claude: PriceFile, others: Callable[[], PriceFile], digest: str, origin: str) -> None:
        super().__init__()
        self._claude = ModelFile(claude)
        self._load_others = others
        self._others: ModelFile | None = None
        self.date: str = claude["date"]
        self.digest = digest
        self.origin = origin

    def _search(self, source: str, raw: str) -> ResolvedModel:
        client = CLIENTS.get(source)
        spelled = from_opencode(raw) if client is not None and client.names_providers else raw
        name = claude_name(spelled)
        id_ = find_claude(name, self._claude)
        if id_ is not None:
            return ResolvedModel(self._claude[id_], name.route, name.is_fast)
        if self._others is None:
            self._others = ModelFile(self._load_others())
        others = self._others
        known = next((other for other in other_names(raw) if other in others), None)
        return ResolvedModel(others[known] if known else None)


def bundled() -> Catalogue:
    """Return the price files of this package."""
    claude = CLAUDE_FILE.read_bytes()
    # The Claude file holds a digest of the other one, so that file is read only when it is needed.
    return Catalogue(
        json.loads(claude),
        _bundled_others,
        sha256(claude).hexdigest(),
        "bundled",
    )


def _bundled_others() -> PriceFile:
    return _object(OTHERS_FILE.read_bytes())


def _refreshed_others(content: bytes) -> PriceFile:
    others: PriceFile = _object(content)["others"]
    return others


def refreshed(path: Path) -> Catalogue:
    """Return the prices of a refreshed snapshot file. Raises OSError, and ValueError or others if it is invalid."""
    content = files.read(path)
    snapshot = _object(content)
    claude, others = snapshot["claude"], snapshot["others"]
    # Read whole at once: a price that cannot be read must not turn up in the middle of counting.
    for file in (claude, others):
        models = ModelFile(file)
        for id_, entry in file["models"].items():
            if id_ not in models or not model_from(id_, entry).periods:
                raise ValueError(f"{id_} has no price")
    return Catalogue(claude, partial(_refreshed_others, content), sha256(content).hexdigest(), "refreshed")


def _object(content: bytes) -> PriceFile:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
