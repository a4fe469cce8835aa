"""The root of all values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

_FIELDS: dict[frozenset[str], set[str]] = {}
"""One set for all values that were given the same fields: a set of its own is the largest part of a small value, and a
waiting step holds two dozen values. There are as many as ways to build values in the code."""


_put = object.__setattr__
_put_fields = vars(BaseModel)["__pydantic_fields_set__"].__set__
"""What object.__setattr__ finds and calls."""


class Frozen(BaseModel):
    """A value: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _all_fields: ClassVar[set[str]] = set()
    """Since there are no others, a value that was given as many was given these; most are, being read from rows."""

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        super().__pydantic_init_subclass__(**given)
        cls._all_fields = _shared(set(cls.model_fields))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, which takes twice as long: there is nothing private and nothing extra to copy."""
        if deep:
            return super().model_copy(update=update, deep=deep)
        copied = self.__new__(type(self))
        given = self.__pydantic_fields_set__
        if update and not given.issuperset(update):
            given = _shared(given.union(update))
        values = self.__dict__
        if len(values) > len(self._all_fields):
            # What was worked out from these values may not hold for the copy.
            values = {name: value for name, value in values.items() if name in self._all_fields}
        _put(copied, "__dict__", {**values, **(update or {})})
        _put_fields(copied, given)
        _put(copied, "__pydantic_extra__", None)
        _put(copied, "__pydantic_private__", None)
        return copied

    def model_post_init(self, context: Any, /) -> None:
        given = self.__pydantic_fields_set__
        shared = self._all_fields if len(given) == len(self._all_fields) else _shared(given)
        _put_fields(self, shared)


def _shared(given: set[str]) -> set[str]:
    return _FIELDS.setdefault(frozenset(given), given)
