"""Block Kit as Slack checks it: known types and fields only, documented limits, unique ids.

Source: docs.slack.dev/reference/block-kit/blocks, one page a block.
"""

import copy
from typing import Any, Literal

from tests.counterparts.slack.elements import (
    ACCESSORIES,
    ACTIONS,
    CONTEXT_ACTIONS,
    CONTEXT_ITEMS,
    IMAGE,
    INPUTS,
    rich_item,
)
from tests.counterparts.slack.errors import SlackError
from tests.counterparts.slack.schema import (
    PLAIN,
    Check,
    Shape,
    anything,
    boolean,
    list_of,
    one_of,
    string,
    text_object,
    typed,
)
from tests.counterparts.slack.state import elements_of, texts_in

Json = dict[str, Any]
Surface = Literal["message", "modal", "home"]
MARKDOWN_CHARACTERS = 12_000
TABLE_CHARACTERS = 10_000
BLOCKS_PER_SURFACE = {"message": 50, "modal": 100, "home": 100}
INTERACTIVE = ("actions", "context_actions", "input", "section")
BLOCK_ID = {"block_id": string(255)}
TASK_STATUS = one_of("pending", "in_progress", "complete", "error")

RICH_TEXT = Shape(required={"elements": list_of(rich_item, high=10_000)}, optional=BLOCK_ID)
CELL = typed(
    {
        "raw_text": Shape(required={"text": string(10_000)}),
        "raw_number": Shape(required={"value": anything}, optional={"text": string(255)}),
        "rich_text": RICH_TEXT,
    }
)
TABLE = Shape(
    required={"rows": list_of(list_of(CELL, high=20), high=100)},
    optional={**BLOCK_ID, "column_settings": list_of(anything, high=20)},
)
TASK_CARD = Shape(
    required={"task_id": string(255), "title": string(256)},
    optional={
        **BLOCK_ID,
        "status": TASK_STATUS,
        "details": typed({"rich_text": RICH_TEXT}),
        "output": typed({"rich_text": RICH_TEXT}),
        "sources": list_of(anything, high=100, low=0),
        "hide_title": boolean,
        "icon": anything,
    },
)
COMMON: dict[str, Check] = {
    "actions": Shape(required={"elements": list_of(ACTIONS, high=25)}, optional=BLOCK_ID),
    "context": Shape(required={"elements": list_of(CONTEXT_ITEMS, high=10)}, optional=BLOCK_ID),
    "divider": Shape(optional=BLOCK_ID),
    "header": Shape(required={"text": text_object(150, PLAIN)}, optional=BLOCK_ID),
    "image": Shape(
        required=IMAGE.required,
        optional={**IMAGE.optional, **BLOCK_ID, "title": text_object(2000, PLAIN)},
        either=IMAGE.either,
    ),
    "input": Shape(
        required={"label": text_object(2000, PLAIN), "element": INPUTS},
        optional={
            **BLOCK_ID,
            "hint": text_object(2000, PLAIN),
            "optional": boolean,
            "dispatch_action": boolean,
        },
    ),
    "rich_text": RICH_TEXT,
    "section": Shape(
        optional={
            **BLOCK_ID,
            "text": text_object(3000),
            "fields": list_of(text_object(2000), high=10),
            "accessory": ACCESSORIES,
            "expand": boolean,
        },
        either=("text", "fields"),
    ),
    "video": anything,
    "alert": Shape(
        required={"text": text_object(3000)},
        optional={**BLOCK_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
}
MESSAGE_ONLY: dict[str, Check] = {
    "markdown": Shape(required={"text": string(10**9)}, optional=BLOCK_ID),
    "context_actions": Shape(required={"elements": list_of(CONTEXT_ACTIONS, high=5)}, optional=BLOCK_ID),
    "table": TABLE,
    "task_card": TASK_CARD,
    "plan": Shape(
        required={"title": string(256)},
        optional={**BLOCK_ID, "tasks": list_of(typed({"task_card": TASK_CARD}), high=50)},
    ),
    "card": anything,
    "carousel": anything,
    "container": anything,
    "data_table": anything,
    "data_visualization": anything,
}
KINDS = {
    "message": typed({**COMMON, **MESSAGE_ONLY}),
    "modal": typed(COMMON),
    "home": typed(COMMON),
}


def read_blocks(value: Any, *, surface: Surface = "message") -> list[Json]:
    """Checked blocks with the ids that Slack fills in; ``invalid_blocks`` and its relatives otherwise."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise SlackError("invalid_blocks_format")
    high = BLOCKS_PER_SURFACE[surface]
    problems = list_of(KINDS[surface], high=high, low=0)(value, "/blocks")
    if not problems:
        problems = duplicate_ids(value) + too_much_table(value)
    if problems:
        raise SlackError("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    markdown = sum(len(block["text"]) for block in value if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return with_ids(value)


def duplicate_ids(blocks: list[Json]) -> list[str]:
    """A ``block_id`` may occur once in a message, an ``action_id`` once in a block."""
    problems: list[str] = []
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if (block_id := block.get("block_id")) is not None:
            if block_id in seen:
                problems.append(
                    f"`block_id` {block_id} already exists [json-pointer:/blocks/{index}/block_id]"
                )
            seen.add(block_id)
        actions = [e["action_id"] for e in elements_of(block) if e.get("action_id")]
        if len(actions) != len(set(actions)):
            problems.append(f"`action_id` already exists [json-pointer:/blocks/{index}]")
    return problems


def too_much_table(blocks: list[Json]) -> list[str]:
    """One table in a message, of 10,000 characters at most."""
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        return ["only_one_table_allowed"]
    if sum(len(text) for table in tables for text in texts_in(table["rows"])) > TABLE_CHARACTERS:
        return [f"no more than {TABLE_CHARACTERS} characters allowed in a table"]
    return []


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy in which every block and every interactive element has an id, as Slack stores it."""
    filled = copy.deepcopy(blocks)
    for index, block in enumerate(filled):
        block.setdefault("block_id", f"b{index}")
        if block["type"] not in INTERACTIVE:
            continue
        for number, element in enumerate(elements_of(block)):
            if element.get("type") != "image":
                element.setdefault("action_id", f"a{index}_{number}")
    return filled
