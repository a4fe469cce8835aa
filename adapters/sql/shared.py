"""What all threads use of SQLAlchemy's objects gets its `__dict__` before there is a second thread.

Up to Python 3.11 an object's attributes become a dictionary when somebody first asks for it, as SQLAlchemy does for
whatever it remembers on tables, types and statements. Making that dictionary may collect garbage, which may let
another thread run; if that one asks the same object, both make a dictionary of the same memory, and whoever uses one
of them after the other has grown reads what has been freed. Workers were lost to it in their first second, when many
things came at once.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table

_OURS = __package__
_THEIRS = "sqlalchemy."
_lock = threading.Lock()
_made: set[str] = set()
NEEDED = sys.version_info < (3, 12)
"""From 3.12 on garbage is collected between instructions only, never in the middle of one."""


def make_dictionaries() -> int:
    """For what this package's modules hold by now, each module once; returns for how many objects."""
    if not NEEDED:
        return 0
    with _lock:
        modules = [name for name in sys.modules if name.startswith(_OURS) and name not in _made]
        _made.update(modules)
        return _made_for([value for name in modules for value in vars(sys.modules[name]).values()])


def _made_for(roots: Iterable[Any]) -> int:
    seen: dict[int, Any] = {}
    count = 0
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        # Kept: an id is somebody else's as soon as its object is gone.
        seen[id(one)] = one
        if isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
        elif _is_shared(one):
            count += 1
            waiting += vars(one).values()
            if isinstance(one, Table):
                waiting += one.columns
    return count


def _is_shared(one: Any) -> bool:
    return (
        not isinstance(one, type)
        and type(one).__module__.startswith((_OURS, _THEIRS))
        and hasattr(one, "__dict__")
    )
