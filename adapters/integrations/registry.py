"""Finds the kinds: every module of this package that has a `build`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import adapters.integrations
from adapters.integrations import KindParts
from core.ports.integrations import Kind


def build_kinds(parts: KindParts) -> dict[str, Kind]:
    """Every kind by its name."""
    kinds: dict[str, Kind] = {}
    for found in sorted(pkgutil.iter_modules(adapters.integrations.__path__), key=lambda module: module.name):
        build = getattr(
            importlib.import_module(f"{adapters.integrations.__name__}.{found.name}"), "build", None
        )
        if build is not None:
            kind: Kind = build(parts)
            kinds[kind.name] = kind
    return kinds


class OnDemandKinds(Mapping[str, Kind]):
    """The kinds, loaded when somebody first looks: most processes never do."""

    def __init__(self, parts: KindParts) -> None:
        self._parts = parts
        self._found: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        return self._kinds()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds())

    def __len__(self) -> int:
        return len(self._kinds())

    def _kinds(self) -> dict[str, Kind]:
        if not self._found:
            self._found = build_kinds(self._parts)
        return self._found
