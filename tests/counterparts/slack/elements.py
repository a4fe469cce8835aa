"""The interactive elements of Block Kit with their documented limits (docs.slack.dev/reference/block-kit)."""

from typing import Any

from tests.counterparts.slack.schema import (
    PLAIN,
    Check,
    Shape,
    anything,
    boolean,
    integer,
    list_of,
    one_of,
    string,
    text_object,
    typed,
)

ACTION_ID: dict[str, Check] = {"action_id": string(255)}
CONFIRM = Shape(
    required={
        "title": text_object(100, PLAIN),
        "text": text_object(300),
        "confirm": text_object(30, PLAIN),
        "deny": text_object(30, PLAIN),
    },
    optional={"style": one_of("primary", "danger")},
)
OPTION = Shape(
    required={"text": text_object(75), "value": string(150)},
    optional={"description": text_object(75), "url": string(3000)},
)
OPTION_GROUP = Shape(required={"label": text_object(75, PLAIN), "options": list_of(OPTION, high=100)})
BUTTON = Shape(
    required={"text": text_object(75, PLAIN)},
    optional={
        **ACTION_ID,
        "url": string(3000),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
FEEDBACK_CHOICE = Shape(
    required={"text": text_object(75, PLAIN), "value": string(2000)},
    optional={"accessibility_label": string(75)},
)
FEEDBACK_BUTTONS = Shape(
    required={"positive_button": FEEDBACK_CHOICE, "negative_button": FEEDBACK_CHOICE}, optional=ACTION_ID
)
ICON_BUTTON = Shape(
    required={"icon": one_of("trash"), "text": text_object(75, PLAIN)},
    optional={
        **ACTION_ID,
        "value": string(2000),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "visible_to_user_ids": list_of(string(255), high=100),
    },
)
IMAGE = Shape(
    required={"alt_text": string(2000)},
    optional={"image_url": string(3000), "slack_file": anything},
    either=("image_url", "slack_file"),
)
PICKER: dict[str, Check] = {
    **ACTION_ID,
    "placeholder": text_object(150, PLAIN),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
STATIC_SELECT = Shape(
    optional={
        **PICKER,
        "options": list_of(OPTION, high=100),
        "option_groups": list_of(OPTION_GROUP, high=100),
        "initial_option": OPTION,
        "initial_options": list_of(OPTION, high=100),
        "max_selected_items": integer(1, 100),
    },
    either=("options", "option_groups"),
)
CHOICES = Shape(
    required={"options": list_of(OPTION, high=10)},
    optional={
        **PICKER,
        "initial_option": OPTION,
        "initial_options": list_of(OPTION, high=10),
    },
)
OVERFLOW = Shape(required={"options": list_of(OPTION, high=5)}, optional={**ACTION_ID, "confirm": CONFIRM})
TEXT_INPUT = Shape(
    optional={
        **ACTION_ID,
        "placeholder": text_object(150, PLAIN),
        "initial_value": string(3000, low=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "dispatch_action_config": anything,
        "focus_on_load": boolean,
    }
)
NUMBER_INPUT = Shape(
    required={"is_decimal_allowed": boolean},
    optional={
        **ACTION_ID,
        "initial_value": string(255),
        "min_value": string(255),
        "max_value": string(255),
        "placeholder": text_object(150, PLAIN),
        "focus_on_load": boolean,
    },
)
LIST_SELECT = Shape(
    optional={
        **PICKER,
        "initial_user": string(255),
        "initial_users": anything,
        "initial_conversation": string(255),
        "initial_conversations": anything,
        "initial_channel": string(255),
        "initial_channels": anything,
        "default_to_current_conversation": boolean,
        "response_url_enabled": boolean,
        "filter": anything,
        "min_query_length": integer(0, 100),
        "initial_option": OPTION,
        "max_selected_items": integer(1, 100),
    }
)
DATE = Shape(
    optional={
        **PICKER,
        "initial_date": string(10),
        "initial_time": string(5),
        "initial_date_time": integer(0, 2**40),
        "timezone": string(255),
    }
)

SELECTS: dict[str, Check] = {
    "static_select": STATIC_SELECT,
    "multi_static_select": STATIC_SELECT,
    **{
        f"{many}{kind}_select": LIST_SELECT
        for many in ("", "multi_")
        for kind in ("users", "conversations", "channels", "external")
    },
}
PICKERS: dict[str, Check] = {
    "checkboxes": CHOICES,
    "radio_buttons": CHOICES,
    "datepicker": DATE,
    "timepicker": DATE,
    "datetimepicker": DATE,
}
ACTION_ELEMENTS: dict[str, Check] = {"button": BUTTON, "overflow": OVERFLOW, **SELECTS, **PICKERS}
ACCESSORIES = typed({**ACTION_ELEMENTS, "image": IMAGE})
ACTIONS = typed(ACTION_ELEMENTS)
CONTEXT_ACTIONS = typed({"feedback_buttons": FEEDBACK_BUTTONS, "icon_button": ICON_BUTTON})
INPUTS = typed(
    {
        "plain_text_input": TEXT_INPUT,
        "email_text_input": TEXT_INPUT,
        "url_text_input": TEXT_INPUT,
        "number_input": NUMBER_INPUT,
        **SELECTS,
        **PICKERS,
    }
)
CONTEXT_ITEMS = typed({"image": IMAGE, "mrkdwn": text_object(2000), "plain_text": text_object(2000)})
RICH_KINDS = (
    "text link emoji user usergroup channel broadcast date color team "
    "rich_text_section rich_text_list rich_text_preformatted rich_text_quote"
).split()


def rich_item(value: Any, path: str) -> list[str]:
    """An item of a ``rich_text`` block, at any depth."""
    if not isinstance(value, dict) or value.get("type") not in RICH_KINDS:
        return [f"unsupported rich text [json-pointer:{path}]"]
    if "elements" in value:
        return list_of(rich_item, high=10_000, low=0)(value["elements"], f"{path}/elements")
    if value["type"] == "text":
        return string(12_000)(value.get("text"), f"{path}/text")
    return []
