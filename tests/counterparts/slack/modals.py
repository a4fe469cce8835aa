"""What a person can fill into a modal, and what the app may answer (docs.slack.dev, "Modals": handling submissions)."""

from typing import Any

from tests.counterparts.slack.errors import BadRecipe
from tests.counterparts.slack.state import View

Json = dict[str, Any]
ANSWERS = ("clear", "errors", "push", "update")


def filled(view: View, values: Json) -> Json:
    """The state of the view's inputs: `values` by block id, a text, one option's value or a list of them.

    What is not given stays as the view was opened with; a needed input that is empty can't be sent.
    """
    inputs = {block["block_id"]: block for block in view.content["blocks"] if block["type"] == "input"}
    unknown = set(values) - set(inputs)
    if unknown:
        raise BadRecipe(f"the view has no input {sorted(unknown)}")
    return {
        name: {block["element"]["action_id"]: _state(block, values.get(name))}
        for name, block in inputs.items()
    }


def unfit_answer(view: View, answer: Any) -> list[str]:
    """What Slack would not understand, and show the person a failure for."""
    if not answer:
        return []
    action = answer.get("response_action")
    if action not in ANSWERS:
        return [f"unfit answer to a submission: {answer}"]
    if action != "errors":
        return []
    inputs = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
    errors = answer.get("errors")
    if not isinstance(errors, dict) or not errors or set(errors) - inputs:
        return [f"errors of a submission name no input of the view: {errors}"]
    return [f"an error without words: {name}" for name, said in errors.items() if not str(said).strip()]


def _state(block: Json, value: Any) -> Json:
    element = block["element"]
    kind = element["type"]
    if kind == "plain_text_input":
        text = element.get("initial_value") if value is None else value
        if text and not element.get("min_length", 0) <= len(text) <= element.get("max_length", 3000):
            raise BadRecipe(f"{text[:40]!r} does not fit into {block['block_id']}")
        _needed(block, text)
        return {"type": kind, "value": text or None}
    options = {option["value"]: option for option in element["options"]}
    if kind == "multi_static_select":
        chosen = (
            element.get("initial_options", []) if value is None else [_option(options, one) for one in value]
        )
        _needed(block, chosen)
        return {"type": kind, "selected_options": chosen}
    one = element.get("initial_option") if value is None else _option(options, value)
    _needed(block, one)
    return {"type": kind, "selected_option": one}


def _option(options: Json, value: str) -> Json:
    if value not in options:
        raise BadRecipe(f"there is no option {value!r}")
    found: Json = options[value]
    return found


def _needed(block: Json, value: Any) -> None:
    if not value and not block.get("optional", False):
        raise BadRecipe(f"{block['block_id']} can't be left empty")
