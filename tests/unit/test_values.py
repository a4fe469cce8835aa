"""Values: what their copies are, and what they share."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

import core.models
from core.models import Frozen, Usage
from core.ports import language_model

VALUES = [
    value
    for module in (core.models, language_model)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Frozen)
]


@pytest.mark.parametrize(
    "update", [None, {}, {"input_tokens": 7}, {"output_tokens": 7, "cost_usd": None}], ids=str
)
@pytest.mark.parametrize("deep", [False, True], ids=["shallow", "deep"])
def test_a_copy_is_the_one_that_pydantic_makes(update: dict[str, object] | None, deep: bool) -> None:
    value = Usage(input_tokens=1, cost_usd=2.0)
    copied = value.model_copy(update=update, deep=deep)
    by_pydantic = BaseModel.model_copy(value, update=update, deep=deep)
    assert copied == by_pydantic
    assert copied.model_fields_set == by_pydantic.model_fields_set
    assert copied.__getstate__() == by_pydantic.__getstate__()
    assert value == Usage(input_tokens=1, cost_usd=2.0)
    assert value.model_fields_set == {"input_tokens", "cost_usd"}


def test_values_that_were_given_the_same_fields_share_their_names() -> None:
    one, other = Usage(input_tokens=1), Usage(input_tokens=2)
    assert one.model_fields_set is other.model_fields_set
    whole = Usage(input_tokens=1, output_tokens=1, cost_usd=1.0)
    assert whole.model_fields_set is Usage.model_validate_json(whole.model_dump_json()).model_fields_set
    copied = one.model_copy(update={"output_tokens": 1, "cost_usd": 1.0})
    assert copied.model_fields_set is whole.model_fields_set
    assert one.model_fields_set == {"input_tokens"}


def test_no_value_has_what_copies_leave_out() -> None:
    assert len(VALUES) > 20
    for value in VALUES:
        assert value.model_config["extra"] == "forbid", value
        assert not value.__private_attributes__, value
