"""What threads share of SQLAlchemy's objects has its dictionary before there is a second thread."""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, String, Table, bindparam, select

from adapters.sql import shared

pytestmark = pytest.mark.skipif(not shared.NEEDED, reason="this Python makes dictionaries in one go")


def has_dictionary(one: Any) -> bool:
    """Before that its attributes are what it refers to, one by one."""
    return any(type(referred) is dict and "__dict__" not in referred for referred in gc.get_referents(one))


def test_all_that_a_module_holds_has_its_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = String(12)
    table = Table("letters", MetaData(), Column("id", letters), Column("body", String(40)))
    # Built like a statement of ours, and held in the ways in which modules hold them.
    value = bindparam("value", type_=String(7))
    module = ModuleType("adapters.sql.of_a_test")
    vars(module).update(ONE={"sqlite": select(table.c.id).where(table.c.body == value)}, OTHERS=[table])
    monkeypatch.setitem(sys.modules, module.__name__, module)
    shared_types = [letters, value.type]
    assert not any(map(has_dictionary, shared_types))
    shared.make_dictionaries()
    assert all(map(has_dictionary, [*shared_types, table, value, *table.columns]))


def test_a_module_is_looked_through_once() -> None:
    shared.make_dictionaries()
    assert shared.make_dictionaries() == 0
